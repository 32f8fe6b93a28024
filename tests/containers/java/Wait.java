package org.testcontainers.containers.wait.strategy;

import java.time.Duration;

/** Until so many lines of the log match a pattern, or a time is over. */
public class Wait {
    public final String pattern;
    public final int times;
    public Duration limit;

    private Wait(String pattern, int times) {
        this.pattern = pattern;
        this.times = times;
    }

    public static Wait forLogMessage(String pattern, int times) {
        return new Wait(pattern, times);
    }

    public Wait withStartupTimeout(Duration limit) {
        this.limit = limit;
        return this;
    }
}
