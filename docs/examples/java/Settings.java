package onshimock;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** 設定：名前=値 の並び。同じ名前は、後のものが優先。person= は、書いた数だけの患者になる。 */
final class Settings {
    /** 設定の誤り。メッセージは、どう直すかまで言う。 */
    static final class Wrong extends Exception {
        Wrong(String message) {
            super(message);
        }
    }

    private final Map<String, String> values = new LinkedHashMap<>();
    final List<Map<String, String>> persons = new ArrayList<>();

    Settings(List<String> arguments) throws Wrong {
        values.put("base_url", "https://localhost:8443");
        values.put("ca", "certs/ca.pem"); // サーバーの証明書を検証する CA
        values.put("institution", "9910000026");
        values.put("user", ""); // 空なら医療機関コード
        values.put("password", "onshi-mock");
        values.put("folder", ""); // req と res のあるフォルダー
        values.put("charset", "utf-8"); // 要求ファイルの文字コード：utf-8 または shift_jis
        values.put("date", ""); // 資格確認日 YYYYMMDD。空なら今日
        values.put("timeout", "30"); // 応答を待つ秒数
        values.put("interval", "10"); // 同じ照会を次に送るまでの最短の秒数
        read(arguments);
        if (persons.isEmpty()) {
            throw new Wrong("患者がいません。person=保険者番号,記号,番号,枝番,生年月日 を指定してください。");
        }
        if (get("date").isEmpty()) {
            values.put("date", LocalDate.now(ZoneId.of("Asia/Tokyo")).format(DateTimeFormatter.BASIC_ISO_DATE));
        }
    }

    String get(String name) {
        return values.get(name);
    }

    int seconds(String name) {
        return Integer.parseInt(values.get(name));
    }

    private void read(List<String> arguments) throws Wrong {
        for (String argument : arguments) {
            String[] parts = argument.split("=", 2);
            String name = parts[0];
            String value = parts.length == 2 ? parts[1] : "";
            if (name.equals("settings")) {
                read(linesOf(value));
            } else if (name.equals("person") && value.split(",", -1).length == Message.PERSON.size()) {
                persons.add(person(value.split(",", -1)));
            } else if (values.containsKey(name) && parts.length == 2) {
                values.put(name, value);
            } else {
                throw new Wrong("設定 " + argument + " は使えません。使える名前：" + String.join("、", values.keySet())
                    + "、settings、person（保険者番号,記号,番号,枝番,生年月日）");
            }
        }
    }

    private static List<String> linesOf(String path) throws Wrong {
        try {
            return Files.readString(Path.of(path)).replaceFirst("^\ufeff", "").lines()
                .map(String::strip).filter(line -> !line.isEmpty() && !line.startsWith("#")).toList();
        } catch (IOException error) {
            throw new Wrong("設定ファイル " + path + " を読めません：" + error);
        }
    }

    private static Map<String, String> person(String[] fields) {
        Map<String, String> person = new LinkedHashMap<>();
        for (int at = 0; at < fields.length; at++) {
            if (!fields[at].isBlank()) {
                person.put(Message.PERSON.get(at), fields[at].strip());
            }
        }
        return person;
    }
}
