import java.io.FileInputStream;
import java.net.http.HttpClient;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import onshi.backend.api.CheckApi;
import onshi.backend.model.CheckRequest;
import onshi.control.api.ClockApi;
import onshi.control.api.EvidenceApi;
import onshi.control.api.InstitutionsApi;
import onshi.control.api.TerminalsApi;
import onshi.control.model.AdvanceInput;
import onshi.control.model.CreateInput;

/**
 * A rehearsal by the clients that openapi-generator made: create, check, advance, restart, check, verdict. Arguments: the control and backend URLs, the control
 * token, the CA's file.
 */
public final class Client {
    private static final String REQUEST = """
        {"XmlMsg": {"MessageHeader": {"QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": "%s"},
         "MessageBody": {"QualificationConfirmSearchInfo": {"InsurerNumber": "01990019", "InsuredCardSymbol": "11010203",
          "InsuredIdentificationNumber": "1001", "InsuredBranchNumber": "01", "Birthdate": "19800517", "LimitApplicationCertificateRelatedConsFlg": "0"}}}}""";

    public static void main(String[] arguments) throws Exception {
        HttpClient.Builder http = HttpClient.newBuilder().sslContext(trusting(arguments[3]));
        var operator = new onshi.control.ApiClient();
        operator.setHttpClientBuilder(http);
        operator.updateBaseUri(arguments[0]);
        operator.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + arguments[2]));
        var receiptComputer = new onshi.backend.ApiClient();
        receiptComputer.setHttpClientBuilder(http);
        receiptComputer.updateBaseUri(arguments[1]);

        var created = new InstitutionsApi(operator).createInstitution(new CreateInput().template("9910000026").scenario("installed-not-restarted"));
        String code = created.getCode();
        var refused = check(receiptComputer, code).getMessageHeader();
        require("MOCK0501E".equals(refused.getErrorCode()), refused);
        var advanced = new ClockApi(operator).advanceClock(code, new AdvanceInput().by("PT10M"));
        require(advanced.getClock() != null, advanced);
        new TerminalsApi(operator).restart(code, "T1", null);
        new ClockApi(operator).advanceClock(code, new AdvanceInput().by("PT10M"));
        var answered = check(receiptComputer, code).getMessageBody();
        require("1".equals(answered.getQualificationValidity()), answered);
        var verdict = new EvidenceApi(operator).verdict(code, null);
        String overall = verdict.getOverall().getValue();
        require(Set.of("PASS", "INCOMPLETE").contains(overall), verdict);
        System.out.println("openapi-generator: " + code + ": refused, restarted, answered; the verdict is " + overall);
    }

    private static onshi.backend.model.CheckAnswerXmlMsg check(onshi.backend.ApiClient client, String code) throws Exception {
        var request = client.getObjectMapper().readValue(REQUEST.formatted(code), CheckRequest.class);
        return new CheckApi(client).search(request).getXmlMsg();
    }

    private static SSLContext trusting(String ca) throws Exception {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (var file = new FileInputStream(ca)) {
            store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        var context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    private static void require(boolean holds, Object shown) {
        if (!holds) {
            throw new AssertionError(shown);
        }
    }
}
