package onshimock;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;

/** Web API。トークンは、期限が切れたと言われるまで使い続ける。 */
final class Web {
    private static final String LOGIN = "/oqs-api-pro/MSA12020/ILI12020SV01/auth";
    private static final String SEARCH = "/oqs-api-pro/MSA01030/ILI01030SV01/search";

    private final Settings settings;
    private final String url;
    private final HttpClient http;
    private String token = "";

    Web(Settings settings) throws Settings.Wrong {
        this.settings = settings;
        url = settings.get("base_url").replaceFirst("/+$", "");
        if (!url.matches("https://[^/]+")) {
            throw new Settings.Wrong("base_url=" + settings.get("base_url") + " は https://ホスト名:ポート の形で書いてください。");
        }
        http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).sslContext(trusting(settings.get("ca")))
            .connectTimeout(Duration.ofSeconds(settings.seconds("timeout"))).build();
    }

    Outcome.Answer check(Map<String, String> person) {
        String institution = settings.get("institution");
        if (token.isEmpty()) {
            String user = settings.get("user").isEmpty() ? institution : settings.get("user");
            Outcome.Answer login = post(LOGIN, "{\"userId\":" + Json.quote(user) + ",\"password\":" + Json.quote(settings.get("password")) + "}", true);
            token = Message.loginText(login.raw(), "result/idToken");
            if (token.isEmpty()) {
                return login;
            }
        }
        return post(SEARCH, Message.checkJson(institution, settings.get("date"), person), false);
    }

    void logOut() {
        token = "";
    }

    private Outcome.Answer post(String path, String body, boolean login) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path))
            .header("Content-Type", "application/json;charset=UTF-8").header("Accept", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
        if (!login) {
            request.header("Authorization", token); // Bearer は付けない
        }
        try {
            // HttpRequest の timeout は本文が届くまでを含まないので、全体を待つ時間を限る。
            HttpResponse<byte[]> response = http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofByteArray())
                .get(settings.seconds("timeout"), TimeUnit.SECONDS);
            String wait = response.headers().firstValue("Retry-After").orElse("");
            return new Outcome.Answer(null, response.statusCode(), wait.matches("\\d{1,9}") ? Integer.parseInt(wait) : 0, null,
                Message.parse(response.body()), response.body(), login);
        } catch (ExecutionException failed) {
            return Outcome.Answer.none(why(failed.getCause()));
        } catch (TimeoutException | InterruptedException late) {
            return Outcome.Answer.none(why(late));
        }
    }

    private String why(Throwable error) {
        if (error instanceof SSLException) {
            return "サーバーの証明書を検証できません（" + error.getMessage() + "）。設定の ca=" + settings.get("ca")
                + " が接続先の CA の証明書か、base_url のホスト名が証明書にあるか確認してください";
        }
        return url + " と通信できません（" + error + "）。サーバーと、設定の base_url を確認してください";
    }

    private static SSLContext trusting(String ca) throws Settings.Wrong {
        try (InputStream file = Files.newInputStream(Path.of(ca))) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
            TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            return context;
        } catch (IOException | GeneralSecurityException error) {
            throw new Settings.Wrong("CA のファイル ca=" + ca + " を読めません：" + error);
        }
    }
}
