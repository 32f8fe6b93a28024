//! What every store has to do, held against each back end: SQLite in memory, a SQLite file,
//! PostgreSQL.

use std::collections::BTreeMap;
use std::path::Path;

use futures_util::future::join_all;
use onshi_mock::store::{
    Batch, Bound, ClaimedMessage, OutboxMessage, Record, RowLookup, ScreenshotChange, Store, StoredSession, Target, VersionedRow,
};

use crate::store::postgres::Cluster;

const BOUND: Bound = Bound { entries: 5, bytes: 1_000 };

fn record(body: &str) -> Record {
    Record { body: Some(body.to_owned()), expires: None, login: "user".to_owned(), terminals: "T1".to_owned() }
}

/// Entries of one row: a line each.
fn row(institution: &str, generation: &str, body: &str) -> Batch {
    let entries = body.lines().count() as u64;
    Batch { institution: institution.to_owned(), generation: generation.to_owned(), entries, body: body.to_owned() }
}

async fn bodies(store: &Store, institution: &str, generation: &str) -> Vec<String> {
    let page = store.entries(institution, generation, 100, BOUND).await.unwrap();
    page.entries.into_iter().map(|kept| kept.body).collect()
}

/// Every clause, in order; says how many hold.
#[expect(clippy::print_stdout, reason = "what holds is for whoever reads the tests' output")]
async fn holds(store: &Store, back_end: &str) {
    let clauses = [
        what_is_saved_is_found_with_its_version(store).await,
        of_two_writers_exactly_one_wins(store).await,
        a_deletion_is_remembered_or_takes_the_row_away(store).await,
        codes_are_listed_in_order(store).await,
        institutions_are_found_by_login_and_by_expiry(store).await,
        journals_are_ordered_bounded_and_counted(store).await,
        a_journal_goes_with_its_institution(store).await,
        the_first_note_under_a_name_stays(store).await,
        any_text_comes_back_as_it_was(store).await,
        what_is_to_be_sent_goes_with_its_change_and_is_claimed_once(store).await,
        a_code_is_taken_once_and_the_oldest_sessions_go(store).await,
        a_screenshot_is_written_with_its_institution_and_goes_with_it(store).await,
        a_probe_is_written(store).await,
    ];
    println!("store contract on {back_end}: {} clauses hold: {}", clauses.len(), clauses.join(", "));
}

async fn a_code_is_taken_once_and_the_oldest_sessions_go(store: &Store) -> &'static str {
    store.add_console_code("early", 10, 0).await.unwrap();
    store.add_console_code("late", 20, 9).await.unwrap();
    assert!(!store.take_console_code("early", 10).await.unwrap(), "it has expired");
    let (first, second) = tokio::join!(store.take_console_code("late", 19), store.take_console_code("late", 19));
    assert!(first.unwrap() ^ second.unwrap(), "of two that take it");
    let session = |number: i64| StoredSession { hash: format!("session {number}"), token_hash: "token".to_owned(), expires: 10 + number };
    for number in 0..=1000 {
        store.add_console_session(&session(number), 0).await.unwrap();
        store.add_console_code(&format!("code {number}"), 10, 0).await.unwrap();
    }
    assert_eq!(store.console_session("session 0", 0).await.unwrap(), None, "of 1001 the oldest");
    assert!(!store.take_console_code("code 0", 0).await.unwrap() && store.take_console_code("code 1", 0).await.unwrap());
    assert_eq!(store.console_session("session 1", 10).await.unwrap(), Some(session(1)));
    assert_eq!(store.console_session("session 1", 11).await.unwrap(), None, "it has expired");
    store.remove_console_session("session 2").await.unwrap();
    assert_eq!(store.console_session("session 2", 0).await.unwrap(), None);
    "codes and sessions of the console are bounded"
}

async fn what_is_saved_is_found_with_its_version(store: &Store) -> &'static str {
    assert_eq!(store.find("1", None).await.unwrap(), RowLookup::Nothing);
    assert!(store.save("1", None, 7, &record("one"), true, &[]).await.unwrap());
    let row = VersionedRow { version: 7, body: Some("one".to_owned()) };
    assert_eq!(store.find("1", None).await.unwrap(), RowLookup::Other(row.clone()));
    assert_eq!(store.find("1", Some(6)).await.unwrap(), RowLookup::Other(row));
    assert_eq!(store.find("1", Some(7)).await.unwrap(), RowLookup::Same);
    "saved and found"
}

async fn of_two_writers_exactly_one_wins(store: &Store) -> &'static str {
    let (a, b) = (record("a"), record("b"));
    let (first, second) = tokio::join!(store.save("2", None, 1, &a, false, &[]), store.save("2", None, 1, &b, false, &[]));
    assert!(first.unwrap() ^ second.unwrap(), "of two that make it");
    let (first, second) = tokio::join!(store.save("2", Some(1), 2, &a, false, &[]), store.save("2", Some(1), 2, &b, false, &[]));
    assert!(first.unwrap() ^ second.unwrap(), "of two that change it");
    assert!(!store.save("2", Some(1), 2, &a, false, &[]).await.unwrap(), "one that comes late");
    "of two writers one wins"
}

async fn a_deletion_is_remembered_or_takes_the_row_away(store: &Store) -> &'static str {
    assert!(!store.remove("2", 1).await.unwrap(), "of an old version");
    assert!(store.remove("2", 2).await.unwrap());
    assert_eq!(store.find("2", None).await.unwrap(), RowLookup::Nothing);
    let gone = Record { body: None, ..record("") };
    assert!(store.save("1", Some(7), 8, &gone, true, &[]).await.unwrap());
    assert_eq!(store.find("1", None).await.unwrap(), RowLookup::Other(VersionedRow { version: 8, body: None }));
    assert!(store.remove("1", 8).await.unwrap());
    "deletions"
}

async fn codes_are_listed_in_order(store: &Store) -> &'static str {
    for code in ["30", "10", "20"] {
        assert!(store.save(code, None, 1, &record("x"), false, &[]).await.unwrap());
    }
    let gone = Record { body: None, ..record("") };
    assert!(store.save("20", Some(1), 2, &gone, false, &[]).await.unwrap());
    let listed = |code: &str, terminals: Option<&str>| (code.to_owned(), terminals.map(str::to_owned));
    assert_eq!(store.codes("", 2).await.unwrap(), [listed("10", Some("T1")), listed("20", None)]);
    assert_eq!(store.codes("20", 2).await.unwrap(), [listed("30", Some("T1"))]);
    assert_eq!(store.count().await.unwrap(), 3);
    "codes in order"
}

async fn institutions_are_found_by_login_and_by_expiry(store: &Store) -> &'static str {
    let expiring = |at| Record { expires: Some(at), login: format!("of {at}"), ..record("x") };
    for (code, at) in [("40", 2_000), ("50", 1_000)] {
        assert!(store.save(code, None, 1, &expiring(at), false, &[]).await.unwrap());
    }
    assert_eq!(store.codes_of_login("of 1000").await.unwrap(), ["50"]);
    assert_eq!(store.expired(999, 10).await.unwrap(), Vec::<String>::new());
    assert_eq!(store.expired(2_000, 10).await.unwrap(), ["50", "40"]);
    assert_eq!(store.expired(2_000, 1).await.unwrap(), ["50"]);
    "login and expiry"
}

async fn journals_are_ordered_bounded_and_counted(store: &Store) -> &'static str {
    let batches = [row("10", "m", "1"), row("10", "m", "2\n3\n4"), row("10", "m", "5\n6"), row("10", "m", "7"), row("10", "m", "8")];
    store.append(batches.to_vec(), &[("10".to_owned(), "m".to_owned(), 4)]).await.unwrap();
    for (limit, newest) in [(1, vec![(12, "8")]), (3, vec![(10, "6"), (11, "7"), (12, "8")])] {
        let page = store.entries("10", "m", limit, BOUND).await.unwrap();
        let numbered: Vec<(u64, &str)> = page.entries.iter().map(|kept| (kept.number, kept.body.as_str())).collect();
        assert_eq!(numbered, newest, "of twelve");
        assert_eq!(page.evicted, 7, "four that were never written, and three");
    }
    assert_eq!(bodies(store, "10", "m").await, ["4", "5", "6", "7", "8"], "of a row that goes beyond the bound, what is within");
    store.append(vec![row("10", "m", &"x".repeat(996)), row("10", "m", "last")], &[]).await.unwrap();
    assert_eq!(bodies(store, "10", "m").await, [&"x".repeat(996), "last"], "the bound of bytes");
    store.append(vec![row("10", "m", &"y".repeat(2_000))], &[]).await.unwrap();
    let page = store.entries("10", "m", 100, BOUND).await.unwrap();
    assert_eq!((page.entries.len(), page.entries[0].number, page.evicted), (1, 15, 14), "the newest stays, however large");
    store.append(vec![row("10", "n", "of another\nmaking")], &[]).await.unwrap();
    assert_eq!(bodies(store, "10", "n").await, ["of another", "making"]);
    store.clear("10").await.unwrap();
    let page = store.entries("10", "n", 100, BOUND).await.unwrap();
    assert_eq!((page.entries.len(), page.evicted), (0, 2), "what was taken away is counted");
    assert_eq!(store.entries("10", "m", 100, BOUND).await.unwrap().evicted, 15);
    "journals"
}

async fn a_journal_goes_with_its_institution(store: &Store) -> &'static str {
    store.append(vec![row("30", "m", "kept"), row("10", "n", "going")], &[]).await.unwrap();
    assert!(store.save("10", Some(1), 2, &record("anew"), true, &[]).await.unwrap());
    assert_eq!(bodies(store, "10", "n").await, Vec::<String>::new());
    assert_eq!(bodies(store, "30", "m").await, ["kept"]);
    "a journal goes with its institution"
}

async fn the_first_note_under_a_name_stays(store: &Store) -> &'static str {
    assert_eq!(store.note("key", "first").await.unwrap(), "first");
    assert_eq!(store.note("key", "second").await.unwrap(), "first");
    "notes"
}

async fn any_text_comes_back_as_it_was(store: &Store) -> &'static str {
    let text = format!("' \" \\ ; -- $1 𠮷田　髙﨑 ﾓｷﾞ \u{1F9EA} \r\n\t {}", "長い".repeat(200_000));
    assert!(store.save("60", None, 1, &record(&text), false, &[]).await.unwrap());
    assert_eq!(store.find("60", None).await.unwrap(), RowLookup::Other(VersionedRow { version: 1, body: Some(text) }));
    "any text"
}

async fn what_is_to_be_sent_goes_with_its_change_and_is_claimed_once(store: &Store) -> &'static str {
    let messages = |way, body: &str| OutboxMessage { channel: way, body: body.to_owned() };
    let both = [messages("mail", "first"), messages("webhook", "other"), messages("mail", "second")];
    assert!(store.save("65", None, 1, &record("x"), false, &both).await.unwrap());
    assert!(!store.save("65", Some(9), 10, &record("y"), false, &both).await.unwrap(), "a change that lost sends nothing");
    let claim = async |now, until| store.claim("mail", now, until).await.unwrap();
    let (first, second) = (claim(100, 200).await.unwrap(), claim(100, 150).await.unwrap());
    assert_eq!((first.body.as_str(), first.tries, second.body.as_str()), ("first", 1, "second"));
    assert_eq!(claim(149, 300).await, None, "both are claimed");
    store.remove_message(first.number).await.unwrap();
    store.postpone(second.number, 400).await.unwrap();
    assert_eq!(claim(399, 500).await, None, "it is to be tried later");
    assert_eq!(claim(400, 500).await, Some(ClaimedMessage { tries: 2, ..second.clone() }), "and its claim runs out");
    store.release_claims(450).await.unwrap();
    assert_eq!(
        claim(450, 600).await.is_some(),
        !matches!(store.target(), Target::Postgres(_)),
        "a process that starts alone need not wait"
    );
    store.remove_message(second.number).await.unwrap();
    assert_eq!(claim(i64::MAX, i64::MAX).await, None);
    let many: Vec<OutboxMessage> = (1..=10_004).map(|number| messages("many", &number.to_string())).collect();
    assert!(store.save("66", None, 1, &record("x"), false, &many).await.unwrap());
    assert_eq!(store.claim("many", 0, 1).await.unwrap().unwrap().body, "5", "the oldest are given up");
    let other = store.claim("webhook", 0, 1).await.unwrap();
    assert_eq!(other.map(|claimed| claimed.body).as_deref(), Some("other"), "one way's letters push out none of another's");
    "the outbox"
}

async fn a_screenshot_is_written_with_its_institution_and_goes_with_it(store: &Store) -> &'static str {
    let add = |number, evicted, body: &'static [u8]| ScreenshotChange::Add { number, evicted, body: body.into() };
    let save = async |before, change| store.save_with_screenshot("67", before, before.unwrap_or(0) + 1, &record("x"), &[], &change).await;
    let stored = async |number| store.screenshot("67", number).await.unwrap();
    assert!(save(None, add(1, 0, b"\0 \xff one")).await.unwrap() && save(Some(1), add(2, 0, b"two")).await.unwrap());
    assert!(!save(Some(1), add(3, 2, b"three")).await.unwrap(), "a change that lost writes nothing");
    assert_eq!((stored(1).await.unwrap(), stored(2).await.unwrap(), stored(3).await), (b"\0 \xff one".to_vec(), b"two".to_vec(), None));
    assert!(save(Some(2), add(3, 1, b"three")).await.unwrap() && save(Some(3), ScreenshotChange::Remove(2)).await.unwrap());
    assert_eq!((stored(1).await, stored(2).await, stored(3).await.unwrap()), (None, None, b"three".to_vec()), "evicted, deleted, stored");
    assert!(store.save("67", Some(4), 5, &record("anew"), true, &[]).await.unwrap());
    assert_eq!(stored(3).await, None);
    assert!(save(Some(5), add(1, 0, b"one")).await.unwrap() && store.remove("67", 6).await.unwrap());
    assert_eq!(stored(1).await, None);
    "screenshots go with their institutions"
}

async fn a_probe_is_written(store: &Store) -> &'static str {
    store.probe("now").await.unwrap();
    store.probe("later").await.unwrap();
    assert!(store.last_error().is_none());
    "a probe"
}

fn file(dir: &Path) -> Target {
    Target::Sqlite(dir.join("state of 日本.db"))
}

async fn refusal(target: &Target) -> String {
    match Store::open(target).await {
        Ok(_) => panic!("{target} was opened"),
        Err(error) => format!("{error:#}"),
    }
}

#[tokio::test]
async fn sqlite_in_memory_keeps_the_contract() {
    holds(&Store::open(&Target::Memory).await.unwrap(), "SQLite in memory").await;
}

#[tokio::test]
async fn a_sqlite_file_keeps_the_contract_and_what_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&file(dir.path())).await.unwrap();
    holds(&store, "a SQLite file").await;
    store.close().await;
    drop(store);
    let again = Store::open(&file(dir.path())).await.unwrap();
    assert_eq!(again.note("key", "third").await.unwrap(), "first");
    assert_eq!(bodies(&again, "30", "m").await, ["kept"]);
}

#[cfg_attr(windows, ignore = "the cluster is made from Debian's packages")]
#[tokio::test]
async fn postgresql_keeps_the_contract_over_one_connection_pool_and_over_two() {
    let cluster = Cluster::start().await;
    let target = Target::Postgres(cluster.database("contract").await);
    let (store, other) = (Store::open(&target).await.unwrap(), Store::open(&target).await.unwrap());
    holds(&store, "PostgreSQL").await;
    assert_eq!(other.note("key", "third").await.unwrap(), "first", "what one wrote the other reads");
    for version in 1..=50 {
        let before = (version > 1).then_some(version - 1);
        let (a, b) = (record("a"), record("b"));
        let (first, second) =
            tokio::join!(store.save("70", before, version, &a, false, &[]), other.save("70", before, version, &b, false, &[]));
        assert!(first.unwrap() ^ second.unwrap(), "of two writers on two connections exactly one wins, version {version}");
        for found in join_all((0..20).map(|_| store.find("70", before))).await {
            assert!(
                matches!(found.unwrap(), RowLookup::Other(row) if row.version == version),
                "readers at once see what was written before"
            );
        }
        assert_eq!(join_all((0..20).map(|_| store.find("70", Some(version)))).await, vec![Ok(RowLookup::Same); 20]);
    }
    for round in 1..=20 {
        let (three, two) = ([row("70", "m", "a\nb\nc")], [row("70", "m", "d\ne")]);
        let (first, second) = tokio::join!(store.append(three.to_vec(), &[]), other.append(two.to_vec(), &[]));
        first.and(second).unwrap();
        let (a, b) = tokio::join!(store.entries("70", "m", 100, BOUND), other.entries("70", "m", 100, BOUND));
        for page in [a.unwrap(), b.unwrap()] {
            assert_eq!((page.entries.len(), page.evicted), (5, 5 * (round - 1)), "two trim at once, and each entry is counted once");
        }
    }
}

#[tokio::test]
async fn a_sqlite_file_belongs_to_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&file(dir.path())).await.unwrap();
    let said = refusal(&file(dir.path())).await;
    assert!(said.contains("使用中") && said.contains("in use by another onshi-mock") && said.contains("--store"), "{said}");
    drop(store);
    assert!(Store::open(&file(dir.path())).await.is_ok(), "it is free again");
}

#[tokio::test]
async fn a_database_newer_than_the_program_is_refused() {
    const NEWER: &str =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9, 'later', TRUE, 'x', 0)";
    let dir = tempfile::tempdir().unwrap();
    Store::open(&file(dir.path())).await.unwrap().close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join("state of 日本.db"));
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query(NEWER).execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let said = refusal(&file(dir.path())).await;
    assert!(said.contains("新しいバージョン") && said.contains("newer onshi-mock"), "{said}");
}

/// Whatever made the tables, it was not this program's first schema.
const FORMER: &str = "UPDATE _sqlx_migrations SET checksum = $1 WHERE version = 1";

fn assert_says_what_to_do_with_a_former_one(said: &str, target: &Target) {
    assert_eq!(said.lines().count(), 1, "{said}");
    for words in [&target.to_string(), "以前の形式", "former format", "移動", "Move it away", "--store"] {
        assert!(said.contains(words), "no {words} in {said}");
    }
}

/// The names of a directory's files, and what is in them.
fn content(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())).collect()
}

#[tokio::test]
async fn a_sqlite_file_of_a_former_format_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (path, target) = (dir.path().join("state of 日本.db"), file(dir.path()));
    Store::open(&target).await.unwrap().close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query(FORMER).bind(vec![0xba_u8, 0xd0]).execute(&mut connection).await.unwrap();

    let unclean = tempfile::tempdir().unwrap();
    for ending in ["", "-wal"] {
        let name = format!("state of 日本.db{ending}");
        std::fs::copy(dir.path().join(&name), unclean.path().join(&name)).unwrap();
    }
    sqlx::Connection::close(connection).await.unwrap();
    std::fs::remove_file(dir.path().join("state of 日本.db.lock")).unwrap();
    let before = content(dir.path());
    assert_eq!(before.len(), 1, "nothing lies beside it");
    assert_says_what_to_do_with_a_former_one(&refusal(&target).await, &target);
    assert_eq!(content(dir.path()), before);

    let (target, before) = (file(unclean.path()), content(unclean.path()));
    assert_says_what_to_do_with_a_former_one(&refusal(&target).await, &target);
    let after = content(unclean.path());
    assert!(before.iter().all(|(name, bytes)| after[name] == *bytes), "also where its program was killed");
}

#[cfg_attr(windows, ignore = "the cluster is made from Debian's packages")]
#[tokio::test]
async fn a_postgresql_database_of_a_former_format_is_refused_and_left_as_it_is() {
    const COLUMNS: &str = "SELECT string_agg(table_name || '.' || column_name, ' ' ORDER BY table_name, column_name) \
                           FROM information_schema.columns WHERE table_schema = 'public'";
    let cluster = Cluster::start().await;
    let url = cluster.database("former").await;
    let target = Target::Postgres(url.clone());
    Store::open(&target).await.unwrap().close().await;
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    sqlx::query(FORMER).bind(vec![0xba_u8, 0xd0]).execute(&mut connection).await.unwrap();
    sqlx::query("DROP TABLE outbox").execute(&mut connection).await.unwrap();
    let before: String = sqlx::query_scalar(COLUMNS).fetch_one(&mut connection).await.unwrap();
    assert_says_what_to_do_with_a_former_one(&refusal(&target).await, &target);
    let after: String = sqlx::query_scalar(COLUMNS).fetch_one(&mut connection).await.unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state of 日本.db");
    std::fs::write(&path, "a letter, not a database, and longer than the header of one would be; ".repeat(20)).unwrap();
    let before = std::fs::read(&path).unwrap();
    let said = refusal(&file(dir.path())).await;
    assert!(said.contains("state of 日本.db") && said.contains("--store"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_damaged_database_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(&file(dir.path())).await.unwrap().close().await;
    let path = dir.path().join("state of 日本.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let first_page = 4096;
    bytes[first_page..].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let said = refusal(&file(dir.path())).await;
    for words in ["壊れている場合", "restore it from a backup", "state of 日本.db"] {
        assert!(said.contains(words), "no {words} in {said}");
    }
}
