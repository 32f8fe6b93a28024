package org.testcontainers.containers;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.testcontainers.containers.wait.strategy.Wait;

/** In place of Testcontainers for Java, which is not to be had here: what OnshiMockTest calls, done by the program docker. */
public class GenericContainer<T extends GenericContainer<T>> {
    public interface Reader<R> {
        R apply(InputStream file) throws Exception;
    }

    private final String image;
    private final List<String> options = new ArrayList<>();
    private Wait wait;
    private String id;

    public GenericContainer(String image) {
        this.image = image;
    }

    public GenericContainer<T> withEnv(String name, String value) {
        options.addAll(List.of("--env", name + "=" + value));
        return this;
    }

    public GenericContainer<T> withExposedPorts(Integer... ports) {
        for (int port : ports) options.addAll(List.of("--publish", "127.0.0.1::" + port));
        return this;
    }

    public GenericContainer<T> waitingFor(Wait wait) {
        this.wait = wait;
        return this;
    }

    public void start() throws Exception {
        List<String> run = new ArrayList<>(List.of("run", "--detach", "--rm"));
        run.addAll(options);
        run.add(image);
        id = docker(run.toArray(String[]::new)).strip();
        long end = System.nanoTime() + wait.limit.toNanos();
        while (docker("logs", id).lines().filter(line -> line.matches(wait.pattern)).count() < wait.times) {
            if (System.nanoTime() > end) throw new IllegalStateException("no line " + wait.pattern + " within " + wait.limit);
            Thread.sleep(50);
        }
    }

    public void stop() throws Exception {
        docker("stop", id);
    }

    public int getMappedPort(int port) {
        try {
            return Integer.parseInt(docker("port", id, port + "/tcp").strip().replaceAll(".*:", ""));
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }

    /** The program writes a tar archive, whose one file begins after a header of 512 bytes with its size. */
    public <R> R copyFileFromContainer(String path, Reader<R> reader) throws Exception {
        byte[] archive = docker("cp", id + ":" + path, "-").getBytes(StandardCharsets.ISO_8859_1);
        int size = Integer.parseInt(new String(archive, 124, 11, StandardCharsets.US_ASCII).strip(), 8);
        return reader.apply(new ByteArrayInputStream(Arrays.copyOfRange(archive, 512, 512 + size)));
    }

    private static String docker(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("docker"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        if (process.waitFor() != 0) throw new IllegalStateException(command + ": " + said);
        return said;
    }
}
