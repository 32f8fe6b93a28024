package onshimock;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.w3c.dom.Element;

/**
 * 資格確認のクライアントの例。使い方：java onshimock.Client web|folder|bulk [settings=ファイル] [名前=値 ...]（docs/sample-clients.ja.md）
 * 標準出力の1行が、画面に表示する1行。標準入力の1行が、職員の操作。
 */
public final class Client {
    /** 職員が操作を終えた。 */
    private static final class Ended extends RuntimeException {}

    private static final List<String> LABELS = List.of("保険者番号", "記号", "番号", "枝番", "生年月日");
    private static final PrintStream SCREEN = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private static final BufferedReader STAFF = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

    private final Settings settings;
    private Runnable logOut = () -> {};

    private Client(Settings settings) {
        this.settings = settings;
    }

    public static void main(String[] arguments) throws Exception {
        int code;
        try {
            code = run(arguments.length == 0 ? "" : arguments[0], arguments) ? 0 : 1;
        } catch (Settings.Wrong wrong) {
            new PrintStream(System.err, true, StandardCharsets.UTF_8).println(wrong.getMessage());
            code = 2;
        } catch (Ended ended) {
            code = 1;
        }
        System.exit(code);
    }

    private static boolean run(String mode, String[] arguments) throws Exception {
        if (!List.of("web", "folder", "bulk").contains(mode)) {
            throw new Settings.Wrong("web、folder、bulk のどれかを指定してください。");
        }
        Client client = new Client(new Settings(Arrays.asList(arguments).subList(1, arguments.length)));
        if (mode.equals("bulk")) {
            return client.bulk(new Folder(client.settings));
        }
        if (mode.equals("folder")) {
            return client.checkEach(new Folder(client.settings)::check);
        }
        Web web = new Web(client.settings);
        client.logOut = web::logOut;
        return client.checkEach(web::check);
    }

    /** 1人ずつの資格確認。全員の結果が得られたかどうかを返す。 */
    private boolean checkEach(Function<Map<String, String>, Outcome.Answer> check) throws Exception {
        boolean complete = true;
        for (Map<String, String> person : settings.persons) {
            complete &= confirm("【資格確認】" + nameOf(person), () -> check.apply(person), Outcome::decide) != null;
        }
        return complete;
    }

    /** 一括照会：OQSmuquc01 で依頼し、受付番号で OQSmuquc02 の結果を受け取る。 */
    private boolean bulk(Folder folder) throws Exception {
        Outcome.Answer accepted = confirm("【一括照会】" + settings.persons.size() + " 件",
            () -> folder.checkAll("OQSmuquc01", settings.persons), Outcome::decideHeader);
        if (accepted == null) {
            return false;
        }
        String inBody = Message.text(accepted.message(), "MessageBody/ReceptionNumber");
        String number = inBody.isEmpty() ? Message.text(accepted.message(), "MessageHeader/ReceptionNumber") : inBody;
        show("受け付けられました。受付番号 " + number);
        Outcome.Answer fetched = confirm("【一括照会の結果】受付番号 " + number, () -> folder.fetch(number), Outcome::decideHeader);
        if (fetched == null) {
            return false;
        }
        boolean complete = true;
        for (Element unit : Message.all(fetched.message(), "MessageBody/BulkConfirmUnit")) {
            Map<String, String> person = new LinkedHashMap<>();
            Message.PERSON.forEach(name -> person.put(name, Message.text(unit, "QualificationConfirmSearchInfo/" + name)));
            show("【資格確認】" + nameOf(person));
            Outcome outcome = Outcome.decideBody(unit, false);
            outcome.lines().forEach(Client::show);
            complete &= isResult(outcome);
        }
        return complete;
    }

    /** 結果が得られるか、職員が次に進むまで、同じ照会を繰り返す。得られた応答を返す。得られなければ null。 */
    private Outcome.Answer confirm(String heading, Supplier<Outcome.Answer> send, BiFunction<Outcome.Answer, Boolean, Outcome> decide)
            throws IOException, InterruptedException {
        boolean restarted = false;
        boolean loggedInAgain = false;
        while (true) {
            long sent = System.nanoTime();
            show(heading);
            Outcome.Answer answer = send.get();
            Outcome outcome = decide.apply(answer, restarted);
            if (outcome == null) {
                return answer;
            }
            if (outcome.action() == Outcome.Action.LOG_IN && !loggedInAgain) {
                loggedInAgain = true;
                logOut.run();
                continue;
            }
            outcome.lines().forEach(Client::show);
            if (outcome.keep()) {
                keep(answer.raw());
            }
            if (isResult(outcome)) {
                return answer;
            }
            if (outcome.action() == Outcome.Action.CORRECT || !askStaff(outcome.asksRestart())) {
                return null;
            }
            restarted |= outcome.asksRestart();
            logOut.run(); // やり直すときは、ログインからやり直す。トークンの期限切れが、401 でなくエラーの電文で届くこともある
            waitUntil(sent + 1_000_000_000L * Math.max(settings.seconds("interval"), answer.retryAfter()));
        }
    }

    private static boolean isResult(Outcome outcome) {
        return outcome.action() == Outcome.Action.TAKE_OVER || outcome.action() == Outcome.Action.SHOW_RESULT;
    }

    /** 同じ照会を繰り返すかどうかを、職員に聞く。 */
    private static boolean askStaff(boolean afterRestart) throws IOException {
        show((afterRestart ? "［Enter］再起動が終わったので、同じ照会をもう一度行う" : "［Enter］同じ照会をもう一度行う") + "　［n］次へ　［q］終了");
        String reply = STAFF.readLine();
        if (reply == null || reply.strip().equals("q")) {
            throw new Ended();
        }
        return !reply.strip().equals("n");
    }

    private static void waitUntil(long moment) throws InterruptedException {
        long wait = (moment - System.nanoTime()) / 1_000_000;
        if (wait > 0) {
            show("約" + (wait / 1000 + 1) + "秒後に照会します。");
            Thread.sleep(wait);
        }
    }

    private static void keep(byte[] raw) throws IOException {
        String name = "answer-" + Folder.stamp() + ".txt";
        Files.write(Path.of(name), raw);
        show("応答をファイル " + name + " に保存しました。プログラムの保守担当者に渡してください。");
    }

    private static String nameOf(Map<String, String> person) {
        StringBuilder told = new StringBuilder();
        for (int at = 0; at < LABELS.size(); at++) {
            String value = person.getOrDefault(Message.PERSON.get(at), "");
            if (!value.isEmpty()) {
                told.append(told.isEmpty() ? "" : "　").append(LABELS.get(at)).append(' ').append(at == 4 ? Outcome.day(value) : value);
            }
        }
        return told.toString();
    }

    private static void show(String line) {
        SCREEN.println(line);
    }
}
