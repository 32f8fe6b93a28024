package org.testcontainers.containers.wait.strategy;

import java.time.Duration;

public class Wait {
    public static Wait forHealthcheck() {
        return new Wait();
    }

    public Duration withStartupTimeout(Duration limit) {
        return limit;
    }
}
