// Testcontainers for Java, with JUnit 5: org.testcontainers:testcontainers, org.testcontainers:junit-jupiter. Run here with a stand-in for Testcontainers.
// テストの前に模擬サーバーを起動し、終わったら片付けます。イメージは自分のものに置き換えてください。
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

@Testcontainers
class OnshiMockTest {
    static final String TOKEN = UUID.randomUUID().toString();

    @Container
    static final GenericContainer<?> MOCK = new GenericContainer<>("registry.example/onshi-mock:0.1")
        .withEnv("ONSHI_CONTROL_TOKEN", TOKEN)
        .withExposedPorts(8443, 8444)
        .waitingFor(Wait.forLogMessage(".*onshi-mock ready.*", 1).withStartupTimeout(Duration.ofSeconds(30)));

    static String url(int port) {
        return "https://127.0.0.1:" + MOCK.getMappedPort(port);
    }

    /** A client that trusts the CA of this container, which is copied out of it. */
    static HttpClient client() throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        MOCK.copyFileFromContainer("/data/certs/ca.pem", (InputStream ca) -> {
            trusted.setCertificateEntry("onshi-mock", CertificateFactory.getInstance("X.509").generateCertificate(ca));
            return null;
        });
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, managers.getTrustManagers(), null);
        return HttpClient.newBuilder().sslContext(tls).build();
    }

    static String ask(HttpClient client, String url, String authorization, String accept, String body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).header("Content-Type", "application/json;charset=UTF-8").header("Accept", accept);
        if (authorization != null) request.header("Authorization", authorization);
        request.method(body == null ? "GET" : "POST", body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
    }

    static String field(String json, String name) {
        Matcher matcher = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertTrue(matcher.find(), name + " in " + json);
        return matcher.group(1);
    }

    /** Your client in place of this. */
    static String check(HttpClient client, String institution) throws Exception {
        String token = field(ask(client, url(8443) + "/oqs-api-pro/MSA12020/ILI12020SV01/auth", null, "application/json", "{\"userId\":\"" + institution + "\"}"), "idToken");
        return ask(client, url(8443) + "/oqs-api-pro/MSA01030/ILI01030SV01/search", token, "application/json", """
            {"XmlMsg": {"MessageHeader": {"QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": "%s"},
              "MessageBody": {"QualificationConfirmSearchInfo": {"InsurerNumber": "01990019", "InsuredCardSymbol": "11010203", "InsuredIdentificationNumber": "1001",
                "InsuredBranchNumber": "01", "Birthdate": "19800517", "LimitApplicationCertificateRelatedConsFlg": "0"}}}}""".formatted(institution));
    }

    @Test
    void theCheckIsRefusedUntilTheRestart() throws Exception {
        HttpClient client = client();
        String institutions = url(8444) + "/v1/institutions", bearer = "Bearer " + TOKEN;
        String institution = field(ask(client, institutions, bearer, "application/json",
            "{\"template\": \"9910000026\", \"scenario\": \"installed-not-restarted\"}"), "code");
        String report;
        try {
            assertTrue(field(check(client, institution), "ErrorMessage").contains("再起動"));
            ask(client, institutions + "/" + institution + "/terminals/T1/restart", bearer, "application/json", "{}");
            assertTrue(check(client, institution).contains("\"QualificationValidity\":\"1\""));
        } finally {
            // The report is kept also where the client failed.
            report = ask(client, institutions + "/" + institution + "/verdict", bearer, "application/xml", null);
            Files.writeString(Path.of("onshi-verdict.xml"), report);
        }
        assertFalse(report.contains("<failure"), report);
    }
}
