//! Notices pushed (N10) by mail, to a real server.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::push::PushServer;

/// A real mail server that prints each message as a line of JSON.
struct MailServer {
    child: Child,
    address: String,
    messages: std::sync::mpsc::Receiver<Value>,
}

const MAIL_SERVER: &str = r#"
import asyncio, email, email.policy, json
from aiosmtpd.smtp import SMTP

class Handler:
    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        headers = {name: str(message[name]) for name in message.keys()}
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "headers": headers, "body": message.get_content()}), flush=True)
        return "250 OK"

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler()), "127.0.0.1", 0)
    print(json.dumps("127.0.0.1:%d" % server.sockets[0].getsockname()[1]), flush=True)
    await server.serve_forever()

asyncio.run(main())
"#;

impl MailServer {
    fn start() -> Self {
        // The system's own: its packages hold the mail server.
        let mut child =
            Command::new("/usr/bin/python3").args(["-c", MAIL_SERVER]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        let address: Value = lines.next().expect("the mail server did not start: is python3-aiosmtpd there?");
        let (sender, messages) = std::sync::mpsc::channel();
        std::thread::spawn(move || lines.try_for_each(|message| sender.send(message)));
        Self { child, address: address.as_str().unwrap().to_owned(), messages }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn mail_reaches_a_real_server_in_both_languages_with_both_times() {
    let (dir, mail) = (tempfile::tempdir().unwrap(), MailServer::start());
    let url = format!("smtp://{}", mail.address);
    let to = ["--store", "memory", "--smtp-url", &url, "--notice-to", "staff@example.jp,医院 <clinic@example.jp>"];
    let server = PushServer::start(dir.path(), &to);
    let code = server.institution().await;
    let notice = json!({"channel": "portal_mail", "published": "2026-01-18T00:00:00+09:00",
        "title": {"ja": "更新\nのお知らせ", "en": "Notice"}, "body": {"ja": "本文です。\n.\n終わり", "en": "The text."}});
    server.put(&format!("/{code}/campaign"), json!({"starts": "tonight", "notices": [notice]})).await;
    let message = mail.messages.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!((&message["from"], &message["to"]), (&json!("onshi-mock@localhost"), &json!(["staff@example.jp", "clinic@example.jp"])));
    let (subject, body) = (message["headers"]["Subject"].as_str().unwrap(), message["body"].as_str().unwrap().replace("\r\n", "\n"));
    assert_eq!(subject, format!("[onshi-mock テスト] {code} 更新アプリケーション配信のお知らせ：更新 のお知らせ"));
    for expected in [
        "テスト環境（onshi-mock）",
        "test environment",
        "時刻：2026-01-18 12:00（この医療機関の時計）",
        "real time",
        "本文です。\n.\n終わり",
        "The text.",
        "2026-01-18 20:00 から 2026-01-19 05:00 まで",
    ] {
        assert!(body.contains(expected), "{expected}: {body}");
    }
    let real = onshi_mock::domain::japan::civil(onshi_mock::clock::wall()).year().to_string();
    assert!(message["headers"]["Date"].as_str().unwrap().contains(&real), "{message}");
    server.advance(&code, "2026-01-21T13:00:00+09:00").await;
    let subjects: Vec<Value> =
        (0..4).map(|_| mail.messages.recv_timeout(Duration::from_secs(60)).unwrap()["headers"]["Subject"].take()).collect();
    assert!(subjects[2].as_str().unwrap().contains("A night begins"), "{subjects:?}");
    assert!(subjects[3].as_str().unwrap().contains("端末 T1 から連絡がありません"), "{subjects:?}");
}
