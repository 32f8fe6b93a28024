package onshimock;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.w3c.dom.Element;

/** 届いたものから決めた、すべきこと（action）と表示する行。docs/answers.ja.md の「判断の表」のとおりで、row はその行番号。 */
record Outcome(int row, Action action, List<String> lines, boolean asksRestart, boolean keep) {
    /** すべきこと。 */
    enum Action {
        /** 資格情報を取り込む。 */
        TAKE_OVER,
        /** 結果を表示する（取り込むものはない）。 */
        SHOW_RESULT,
        /** 職員の操作で、同じ患者の資格確認をもう一度行う。 */
        REPEAT,
        /** 処理中。しばらく待って、もう一度照会する。 */
        ASK_LATER,
        /** 1回だけログインし直して、同じ資格確認を行う。 */
        LOG_IN,
        /** 要求ファイルの誤り。同じファイルを送り直さない。 */
        CORRECT
    }

    /**
     * 届いたもの：何も届かなかった理由、HTTP ステータス（連携フォルダーでは 200）、Retry-After の秒数、.err ファイルの内容、電文の木（読めなければ null）、
     * 届いたバイト列、ログインへの応答か。
     */
    record Answer(String noAnswer, int status, int retryAfter, String err, Element message, byte[] raw, boolean login) {
        static Answer none(String why) {
            return new Answer(why, 200, 0, null, null, new byte[0], false);
        }

        static Answer refused(String err) {
            return new Answer(null, 200, 0, err, null, new byte[0], false);
        }

        static Answer file(byte[] raw) {
            return new Answer(null, 200, 0, null, Message.parse(raw), raw, false);
        }
    }

    static final Map<String, String> VALIDITY =
        Map.of("1", "有効", "2", "無効", "3", "無効（新しい資格あり）", "4", "該当資格なし", "5", "複数該当", "6", "有効（未登録）");
    private static final Map<String, String> REASON = Map.of("01", "死亡", "02", "生活保護受給開始", "03", "医療保険等の資格取得", "99", "その他");
    private static final String CALL_CENTRE =
        "コールセンター（0800-080-4583）に連絡し、その間は KB0011769#B の方法（マイナポータルの資格情報の画面、資格情報のお知らせ、資格確認書など）で資格を確認してください。";

    Outcome(int row, Action action, List<String> lines) {
        this(row, action, lines, false, false);
    }

    /** restarted は、再起動を求めるエラーの後に、職員がやり直しの操作をしたかどうか。 */
    static Outcome decide(Answer answer, boolean restarted) {
        Outcome outcome = decideHeader(answer, restarted);
        return outcome != null ? outcome : decideBody(Message.first(answer.message(), "MessageBody"), restarted);
    }

    /** 行1〜5。電文の本体まで読み進めてよければ null。 */
    static Outcome decideHeader(Answer answer, boolean restarted) {
        Element message = answer.message();
        if (answer.noAnswer() != null) {
            return unknown(1, "応答がありません：" + answer.noAnswer());
        }
        if (answer.status() == 401 && !answer.login()) {
            return new Outcome(2, Action.LOG_IN, lines("資格確認ができませんでした。HTTP ステータス 401", error(message, "MessageHeader/Error")));
        }
        if (answer.status() != 200 && message == null) {
            return otherStatus(answer);
        }
        if (answer.err() != null) {
            List<String> lines = lines("要求ファイルを読み取れないという応答（.err）が届きました。", answer.err().lines().toList());
            lines.add("同じファイルは送り直しません。この内容を、プログラムの保守担当者に伝えてください。");
            return new Outcome(3, Action.CORRECT, lines);
        }
        String segment = Message.text(message, "MessageHeader/SegmentOfResult");
        if (segment.equals("9")) {
            return refused(4, error(message, "MessageHeader/Error"), restarted);
        }
        if (segment.equals("2")) {
            return new Outcome(5, Action.ASK_LATER, List.of("処理中です。しばらく待って、もう一度照会してください。"));
        }
        boolean readable = segment.equals("1") && Message.first(message, "MessageBody") != null;
        return readable ? null : unknown(14, "応答を読み取れません");
    }

    /** 行6〜14。body は MessageBody、または一括照会の1人分（BulkConfirmUnit）。 */
    static Outcome decideBody(Element body, boolean restarted) {
        String status = Message.text(body, "ProcessingResultStatus");
        String validity = Message.text(body, "QualificationValidity");
        List<String> said = error(body, "ProcessingResult");
        if (status.equals("2")) {
            return refused(6, said, restarted);
        }
        if (!status.equals("1") || !VALIDITY.containsKey(validity)) {
            return unknown(14, "応答を読み取れません");
        }
        List<String> lines = new ArrayList<>(said.stream().map(line -> "注記：" + line).toList());
        lines.add("資格確認の結果：" + VALIDITY.get(validity));
        return result(validity, lines, Message.results(body));
    }

    private static Outcome result(String validity, List<String> lines, List<Element> found) {
        switch (validity) {
            case "1", "6" -> {
                found.forEach(one -> lines.add("取り込む資格情報：" + qualification(one)));
                return new Outcome(validity.equals("1") ? 8 : 9, Action.TAKE_OVER, lines);
            }
            case "2", "3" -> {
                for (Element one : found) {
                    String reason = Message.text(one, "ReasonOfLoss");
                    lines.add("資格喪失日 " + day(Message.text(one, "DisqualificationDate")) + "　喪失事由 " + REASON.getOrDefault(reason, reason));
                }
                if (validity.equals("3")) {
                    lines.add("新しい資格があります（その内容は、この応答にはありません）。");
                }
                lines.add("新しい資格の提示をお願いしてください。");
                return new Outcome(validity.equals("2") ? 10 : 11, Action.SHOW_RESULT, lines);
            }
            case "4" -> {
                lines.add("保険者番号・記号・番号・枝番・生年月日を照合し、もう一度資格確認を行ってください。");
                return new Outcome(12, Action.SHOW_RESULT, lines);
            }
            default -> {
                lines.add("枝番を確認し、枝番を付けて資格確認を行ってください。");
                return new Outcome(13, Action.SHOW_RESULT, lines);
            }
        }
    }

    private static Outcome refused(int row, List<String> said, boolean restarted) {
        List<String> lines = lines("資格確認ができませんでした。", said);
        boolean asksRestart = asksForRestart(String.join("。", said));
        if (asksRestart) {
            lines.add("資格確認端末を再起動してください。終わったら、同じ患者の資格確認をもう一度行います。");
        }
        if (restarted) {
            lines.add("再起動してもエラーが続く場合は、" + CALL_CENTRE);
        }
        return new Outcome(row, Action.REPEAT, lines, asksRestart, false);
    }

    private static Outcome otherStatus(Answer answer) {
        String advice;
        if (answer.login() && answer.status() < 404) {
            advice = "ログインができません。設定の user と password を確認してください。";
        } else if (answer.retryAfter() > 0) {
            advice = "今は応答できないと返されました。" + answer.retryAfter() + " 秒以上待って、もう一度資格確認を行ってください。";
        } else if (answer.status() >= 500) {
            advice = "今は応答できないと返されました。しばらく待って、もう一度資格確認を行ってください。";
        } else {
            advice = "要求に誤りがあります。プログラムの保守担当者に連絡してください。";
        }
        List<String> lines = lines("資格確認ができませんでした。HTTP ステータス " + answer.status(), answer.login() ? loginError(answer.raw()) : List.of());
        lines.add(advice);
        return new Outcome(2, Action.REPEAT, lines);
    }

    private static Outcome unknown(int row, String why) {
        List<String> lines = List.of("資格確認ができませんでした。" + why, "資格確認端末と回線が動いているか、端末が再起動されているかを確認し、もう一度資格確認を行ってください。");
        return new Outcome(row, Action.REPEAT, lines, false, row == 14);
    }

    /** コードとメッセージを、届いたとおりに。 */
    private static List<String> error(Element node, String prefix) {
        String said = (Message.text(node, prefix + "Code") + " " + Message.text(node, prefix + "Message")).strip();
        return said.isEmpty() ? List.of() : List.of(said);
    }

    /** ログインのエラーは電文ではなく、{"status": コード, "msg": メッセージ}。 */
    private static List<String> loginError(byte[] raw) {
        String said = (Message.loginText(raw, "status") + " " + Message.loginText(raw, "msg")).strip();
        return said.isEmpty() ? List.of() : List.of(said);
    }

    private static List<String> lines(String first, List<String> more) {
        List<String> lines = new ArrayList<>(List.of(first));
        lines.addAll(more);
        return lines;
    }

    /** 再起動を求める文があるか。エラーのコードは公開されていないので、文言で判断する。 */
    static boolean asksForRestart(String said) {
        return Stream.of(said.split("。")).anyMatch(sentence -> has(sentence, "再起動", "再立ち上げ", "立ち上げ直", "リブート")
            && has(sentence, "ください", "必要", "お願い")
            && !has(sentence, "再起動しても", "再起動後も", "再起動しない", "再起動せず", "不要", "必要ありません", "必要はありません"));
    }

    private static boolean has(String sentence, String... words) {
        return Stream.of(words).anyMatch(sentence::contains);
    }

    private static String qualification(Element one) {
        String[][] numbers = {{"保険者番号", "InsurerNumber"}, {"記号", "InsuredCardSymbol"}, {"番号", "InsuredIdentificationNumber"}, {"枝番", "InsuredBranchNumber"}};
        StringBuilder told = new StringBuilder(Message.text(one, "Name"));
        for (String[] number : numbers) {
            String value = Message.text(one, number[1]);
            if (!value.isEmpty()) {
                told.append("　").append(number[0]).append(' ').append(value);
            }
        }
        return told.toString();
    }

    /** YYYYMMDD を YYYY-MM-DD に。 */
    static String day(String date) {
        return date.length() == 8 ? date.substring(0, 4) + "-" + date.substring(4, 6) + "-" + date.substring(6) : date;
    }
}
