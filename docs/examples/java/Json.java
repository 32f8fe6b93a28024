package onshimock;

import org.w3c.dom.Element;

/** JSON を木（Element）にする。配列は同じ名前の要素の繰り返し。null の要素は、ないものとして扱う。 */
final class Json {
    private final String text;
    private int at;

    Json(String text) {
        this.text = text;
    }

    /** オブジェクトの各項目を、parent の子要素にする。 */
    void object(Element parent) {
        expect('{');
        while (next() != '}') {
            String name = string();
            expect(':');
            value(parent, name);
            if (next() == ',') {
                at++;
            }
        }
        at++;
    }

    private void value(Element parent, String name) {
        switch (next()) {
            case '[' -> {
                at++;
                while (next() != ']') {
                    value(parent, name);
                    if (next() == ',') {
                        at++;
                    }
                }
                at++;
            }
            case '{' -> object(child(parent, name));
            case '"' -> child(parent, name).setTextContent(string());
            default -> {
                int from = at;
                while (",]}".indexOf(text.charAt(at)) < 0) {
                    at++;
                }
                String literal = text.substring(from, at).strip();
                if (!literal.equals("null")) {
                    child(parent, name).setTextContent(literal);
                }
            }
        }
    }

    private static Element child(Element parent, String name) {
        return (Element) parent.appendChild(parent.getOwnerDocument().createElement(name));
    }

    private String string() {
        expect('"');
        StringBuilder value = new StringBuilder();
        while (text.charAt(at) != '"') {
            char c = text.charAt(at++);
            if (c != '\\') {
                value.append(c);
                continue;
            }
            char escaped = text.charAt(at++);
            switch (escaped) {
                case 'n' -> value.append('\n');
                case 'r' -> value.append('\r');
                case 't' -> value.append('\t');
                case 'b' -> value.append('\b');
                case 'f' -> value.append('\f');
                case 'u' -> {
                    value.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
                    at += 4;
                }
                default -> value.append(escaped);
            }
        }
        at++;
        return value.toString();
    }

    private char next() {
        while (Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return text.charAt(at);
    }

    private void expect(char c) {
        if (next() != c) {
            throw new IllegalArgumentException(at + " 文字目に " + c + " がありません");
        }
        at++;
    }

    static String quote(String value) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : value.toCharArray()) {
            quoted.append(c < ' ' ? String.format("\\u%04x", (int) c) : c == '"' || c == '\\' ? "\\" + c : String.valueOf(c));
        }
        return quoted.append('"').toString();
    }
}
