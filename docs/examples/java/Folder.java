package onshimock;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;

/** 連携フォルダー。req に置き、res を待つ。 */
final class Folder {
    private final Settings settings;
    private final Path folder;

    Folder(Settings settings) throws Settings.Wrong {
        this.settings = settings;
        folder = Path.of(settings.get("folder"));
        for (String name : List.of("req", "res")) {
            if (settings.get("folder").isEmpty() || !Files.isDirectory(folder.resolve(name))) {
                throw new Settings.Wrong("連携フォルダー folder=" + folder + " に " + name + " がありません。req と res のあるフォルダーを指定してください。");
            }
        }
    }

    Outcome.Answer check(Map<String, String> person) {
        return checkAll("OQSsiquc01", List.of(person));
    }

    Outcome.Answer checkAll(String kind, List<Map<String, String>> persons) {
        String tail = stamp();
        return send(kind, tail, Message.checkXml(settings.get("institution"), settings.get("date"), tail, persons, settings.get("charset")));
    }

    Outcome.Answer fetch(String number) {
        return send("OQSmuquc02", stamp(), Message.fetchXml(settings.get("institution"), number, settings.get("charset")));
    }

    static String stamp() {
        return LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMddHHmmssSSS"));
    }

    private Outcome.Answer send(String kind, String tail, byte[] content) {
        Path request = folder.resolve("req").resolve(kind + "req_" + tail + ".xml");
        Path written = folder.resolve("req").resolve(kind + "req_" + tail + ".tmp");
        try {
            Files.write(written, content); // 書き終えてから .xml にする
            Files.move(written, request, StandardCopyOption.ATOMIC_MOVE);
            return await(request, kind, tail);
        } catch (IOException error) {
            return Outcome.Answer.none("連携フォルダーを読み書きできません（" + error + "）。共有フォルダーの接続を確認してください");
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private Outcome.Answer await(Path request, String kind, String tail) throws IOException, InterruptedException {
        Path res = folder.resolve("res");
        Path result = res.resolve(kind + "res_" + tail + ".xml");
        Path moved = res.resolve(request.getFileName());
        Path err = res.resolve(kind + "req_" + tail + ".err");
        long end = System.nanoTime() + settings.seconds("timeout") * 1_000_000_000L;
        byte[] raw = new byte[0];
        while (System.nanoTime() < end) {
            if (Files.exists(moved) && Files.exists(err)) {
                return Outcome.Answer.refused(Message.decodeErr(Files.readAllBytes(err)));
            }
            raw = Files.exists(result) ? Files.readAllBytes(result) : new byte[0];
            if (new String(raw, StandardCharsets.ISO_8859_1).strip().endsWith("</XmlMsg>")) { // 書きかけのファイルは読まない
                return Outcome.Answer.file(raw);
            }
            Thread.sleep(300);
        }
        if (raw.length > 0) {
            return Outcome.Answer.file(raw);
        }
        boolean waiting = Files.deleteIfExists(request); // 後から処理されないよう、取り下げる
        return Outcome.Answer.none(waiting ? "要求ファイルが受け取られません。端末の電源と連携アプリケーション、設定の folder を確認してください" : "応答ファイルが出力されません");
    }
}
