package org.testcontainers.junit.jupiter;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.reflect.Field;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.containers.GenericContainer;

@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(Testcontainers.Extension.class)
public @interface Testcontainers {
    /** Starts the static containers of a test class before its tests, and stops them after. */
    class Extension implements BeforeAllCallback, AfterAllCallback {
        @Override
        public void beforeAll(ExtensionContext context) throws Exception {
            container(context).start();
        }

        @Override
        public void afterAll(ExtensionContext context) throws Exception {
            container(context).stop();
        }

        private static GenericContainer<?> container(ExtensionContext context) throws Exception {
            for (Field field : context.getRequiredTestClass().getDeclaredFields()) {
                if (field.isAnnotationPresent(Container.class)) {
                    field.setAccessible(true);
                    return (GenericContainer<?>) field.get(null);
                }
            }
            throw new IllegalStateException("no @Container");
        }
    }
}
