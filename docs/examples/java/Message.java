package onshimock;

import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;
import org.xml.sax.helpers.DefaultHandler;

/** 電文の読み書き。JSON も XML も同じ木（org.w3c.dom の Element）にして、名前で読む。 */
final class Message {
    /** 患者1人の検索条件。設定ファイルの person= の並び順でもある。 */
    static final List<String> PERSON =
        List.of("InsurerNumber", "InsuredCardSymbol", "InsuredIdentificationNumber", "InsuredBranchNumber", "Birthdate");
    private static final String CONSENT = "LimitApplicationCertificateRelatedConsFlg";
    /** Windows の Shift_JIS。Java の「Shift_JIS」とは、～ や － などの文字が異なる。 */
    private static final Charset CP932 = Charset.forName("windows-31j");
    private static final Pattern DECLARED = Pattern.compile("^<\\?xml[^>]*encoding=[\"']([^\"']+)");

    private Message() {}

    /** パス（A/B/C）にあるすべての要素。 */
    static List<Element> all(Element node, String path) {
        List<Element> found = node == null ? List.of() : List.of(node);
        for (String name : path.split("/")) {
            List<Element> next = new ArrayList<>();
            for (Element one : found) {
                for (Node child = one.getFirstChild(); child != null; child = child.getNextSibling()) {
                    if (child instanceof Element element && name.equals(nameOf(element))) {
                        next.add(element);
                    }
                }
            }
            found = next;
        }
        return found;
    }

    /** パスにある最初の要素。なければ null。 */
    static Element first(Element node, String path) {
        return all(node, path).stream().findFirst().orElse(null);
    }

    /** 最初に見つかった要素の値。前後の空白（保険者番号の左の空白など）は取り除く。要素がなければ空文字列。 */
    static String text(Element node, String path) {
        Element found = first(node, path);
        return found == null ? "" : found.getTextContent().trim();
    }

    /** 資格情報の一覧。1件でも複数件でも、ResultList の中でも直下（一括照会）でもよい。 */
    static List<Element> results(Element body) {
        String name = "ResultOfQualificationConfirmation";
        List<Element> found = new ArrayList<>(all(body, "ResultList/" + name));
        found.addAll(all(body, name));
        return found;
    }

    /** 届いたバイト列を木にする。XML か JSON の電文として読めなければ null。 */
    static Element parse(byte[] data) {
        try {
            String decoded = decode(data).strip();
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            DocumentBuilder builder = factory.newDocumentBuilder();
            builder.setErrorHandler(new DefaultHandler()); // 読めないことは戻り値で知らせる
            Element root;
            if (decoded.startsWith("{")) {
                root = builder.newDocument().createElement("root");
                new Json(decoded).object(root);
                return first(root, "XmlMsg");
            }
            root = builder.parse(new InputSource(new StringReader(decoded))).getDocumentElement();
            return "XmlMsg".equals(nameOf(root)) ? root : null;
        } catch (Exception unreadable) {
            return null;
        }
    }

    /** XML 宣言の encoding に従って文字列にする。JSON は UTF-8。どちらも、読めなければ例外になる。 */
    private static String decode(byte[] data) throws CharacterCodingException {
        Matcher declared = DECLARED.matcher(new String(data, StandardCharsets.ISO_8859_1));
        boolean cp932 = declared.find() && declared.group(1).matches("(?i)shift_jis|windows-31j|cp932");
        String decoded = (cp932 ? CP932 : StandardCharsets.UTF_8).newDecoder().decode(ByteBuffer.wrap(data)).toString();
        return decoded.startsWith("\ufeff") ? decoded.substring(1) : decoded;
    }

    /** .err ファイルの内容。文字コードの宣言がないので、UTF-8 でなければ CP932 とみなす。 */
    static String decodeErr(byte[] data) {
        try {
            return decode(data);
        } catch (CharacterCodingException notUtf8) {
            return new String(data, CP932);
        }
    }

    private static String nameOf(Element element) {
        return element.getTagName().replaceFirst("^.*:", "");
    }

    /** Web API の資格確認の要求。 */
    static String checkJson(String institution, String date, Map<String, String> person) {
        StringBuilder card = new StringBuilder();
        person.forEach((name, value) -> card.append(Json.quote(name)).append(':').append(Json.quote(value)).append(','));
        return """
            {"XmlMsg":{"MessageHeader":{"QualificationConfirmationDate":%s,"MedicalInstitutionCode":%s},
            "MessageBody":{"QualificationConfirmSearchInfo":{%s"%s":"0"}}}}"""
            .formatted(Json.quote(date), Json.quote(institution), card, CONSENT);
    }

    /** ログインの応答（電文ではない JSON）にある値。なければ空文字列。 */
    static String loginText(byte[] data, String path) {
        try {
            Element root = DocumentBuilderFactory.newInstance().newDocumentBuilder().newDocument().createElement("root");
            new Json(decode(data).strip()).object(root);
            return text(root, path);
        } catch (Exception unreadable) {
            return "";
        }
    }

    /** 連携フォルダーの資格確認（1人）と一括照会（複数人）の要求ファイル。 */
    static byte[] checkXml(String institution, String date, String identifier, List<Map<String, String>> persons, String charset) {
        StringBuilder body = new StringBuilder();
        for (Map<String, String> person : persons) {
            body.append("<QualificationConfirmSearchInfo>");
            person.forEach((name, value) -> body.append(element(name, value)));
            body.append(element(CONSENT, "0")).append("</QualificationConfirmSearchInfo>");
        }
        String header = element("QualificationConfirmationDate", date) + element("MedicalInstitutionCode", institution)
            + element("ArbitraryFileIdentifier", identifier);
        return xml(header, body.toString(), charset);
    }

    /** 一括照会の結果を受け取る要求ファイル。 */
    static byte[] fetchXml(String institution, String number, String charset) {
        return xml(element("MedicalInstitutionCode", institution), element("ReceptionNumber", number), charset);
    }

    private static String element(String name, String value) {
        return "<" + name + ">" + value.replace("&", "&amp;").replace("<", "&lt;") + "</" + name + ">";
    }

    private static byte[] xml(String header, String body, String charset) {
        boolean cp932 = charset.equals("shift_jis");
        String message = "<?xml version=\"1.0\" encoding=\"" + (cp932 ? "Shift_JIS" : "UTF-8") + "\" standalone=\"no\"?>\n"
            + "<XmlMsg><MessageHeader>" + header + "</MessageHeader><MessageBody>" + body + "</MessageBody></XmlMsg>";
        if (!cp932) {
            return message.getBytes(StandardCharsets.UTF_8);
        }
        // CP932 にない文字は &#番号; にする。
        CharsetEncoder encoder = CP932.newEncoder();
        StringBuilder written = new StringBuilder();
        message.codePoints().forEach(point -> {
            String character = Character.toString(point);
            written.append(encoder.canEncode(character) ? character : "&#" + point + ";");
        });
        return written.toString().getBytes(CP932);
    }
}
