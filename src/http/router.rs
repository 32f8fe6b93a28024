//! The routes of both listeners, each with its summary. The OpenAPI document is generated from the
//! same lines.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};

use super::app::App;
use super::backend::{card, linkage, login, notices, package, reports, results, search, unknown, updates};
use super::openapi::{Interface, ListenerRoutes, Routes, tag};
use super::problem::pages_for_browsers;
use super::{console, control};
use crate::listener::{Addresses, Listener};

/// Returns the router of the backend.
pub fn backend(app: Arc<App>) -> Router {
    backend_routes().into_router().fallback(unknown::route).method_not_allowed_fallback(unknown::method).with_state(app)
}

/// Returns the router of the control API.
pub fn control(app: Arc<App>) -> Router {
    let token = from_fn_with_state(Arc::clone(&app), control::require_token);
    let guarded = guarded_routes().into_router().method_not_allowed_fallback(control::method_not_allowed).layer(token);
    let open = open_routes().into_router().method_not_allowed_fallback(control::method_not_allowed);
    let routes = open.merge(guarded).merge(console::router(&app));
    routes.fallback(control::unknown_route).layer(from_fn(pages_for_browsers)).with_state(app)
}

/// Returns the interface of both listeners at these addresses.
pub fn interface(addresses: &Addresses) -> Interface {
    let control = open_routes().merge(guarded_routes()).into_described();
    let backend = backend_routes().into_described();
    Interface(vec![
        ListenerRoutes { listener: Listener::Control, url: addresses.control.clone(), routes: control, guarded: true },
        ListenerRoutes { listener: Listener::Backend, url: addresses.backend.clone(), routes: backend, guarded: false },
    ])
}

#[rustfmt::skip]
fn backend_routes() -> Routes<Arc<App>> {
    Routes::new(&tag::CHECK)
        .post("/oqs-api-pro/MSA12020/ILI12020SV01/auth", login::login, "ログインする", "Log in").describe(login::describe)
        .post("/oqs-api-pro/MSA01030/ILI01030SV01/search", search::search, "被保険者証情報による照会", "Check by card data").describe(search::describe)
        .tag(&tag::DELIVERY)
        .get("/delivery/v1/terminals/{id}/updates", updates::updates, "更新を問い合わせる", "Poll for updates").describe(updates::describe)
        .post("/delivery/v1/terminals/{id}/reports", reports::reports, "端末が状況を報告する", "Report a terminal's state").describe(reports::describe)
        .get("/delivery/v1/terminals/{id}/results", results::results, "配信実績を見る", "Read delivery results").describe(results::describe)
        .get("/delivery/v1/packages/{campaign}/{component}/{version}", package::package, "パッケージを取得する", "Download a package").describe(package::describe)
        .tag(&tag::LINKAGE)
        .post("/linkage/v1/terminals/{id}/files/{name}", linkage::file, "要求ファイルを渡す", "Submit a request file").describe(linkage::describe)
        .post("/linkage/v1/terminals/{id}/cards", card::card, "カードリーダーにカードを置く（端末から）", "Present a card at the reader (from the terminal)").describe(card::describe)
        .tag(&tag::NOTICES)
        .get("/notices/v1", notices::notices, "通知を読む", "Read notices").describe(notices::describe)
}

#[rustfmt::skip]
fn guarded_routes() -> Routes<Arc<App>> {
    Routes::new(&tag::INSTITUTIONS)
        .get("/v1/institutions", control::list_institutions, "医療機関の一覧", "List institutions")
        .post("/v1/institutions", control::create_institution, "テンプレートから医療機関を作る", "Create an institution from a template").conflicts()
        .prefix("/v1/institutions/{code}")
        .get("", control::read_institution, "医療機関の詳細を見る", "Read an institution")
        .patch("", control::patch_institution, "医療機関の設定を変える", "Change the settings of an institution")
        .delete("", control::delete_institution, "医療機関をジャーナルごと削除する", "Delete an institution with its journal")
        .post("/reset", control::reset_institution, "医療機関を作成時の状態に戻す", "Reset an institution to its state at creation")
        .tag(&tag::CLOCK)
        .get("/clock", control::read_clock, "時計を見る", "Read the clock")
        .put("/clock", control::set_clock, "時計を合わせる（途中の出来事は起こらない）", "Set the clock; skipped events do not happen")
        .post("/clock/advance", control::advance_clock, "時計を進める（途中の出来事がすべて起こる）", "Advance the clock; all due events happen")
        .tag(&tag::CAMPAIGN)
        .get("/campaign", control::read_campaign, "キャンペーンを見る", "Read the campaign")
        .put("/campaign", control::set_campaign, "キャンペーンを置き換える", "Replace the campaign")
        .tag(&tag::SCENARIOS)
        .get("/scenario", control::read_scenario, "シナリオの進み方を見る", "Read the progress in the scenario")
        .put("/scenario", control::set_scenario, "シナリオを設定する", "Set a scenario")
        .post("/snapshot", control::take_snapshot, "スナップショットを取る", "Take a snapshot")
        .post("/restore", control::restore_snapshot, "スナップショットに戻す", "Restore a snapshot")
        .get("/persons", control::read_persons, "被保険者を見る", "Read the persons")
        .put("/persons", control::set_persons, "独自の被保険者を設定する", "Set own persons")
        .delete("/persons", control::delete_persons, "被保険者をフィクスチャのものに戻す", "Restore the fixtures' persons")
        .tag(&tag::CAMPAIGN)
        .get("/delivery-results", console::delivery_results, "配信実績の画面", "Show the page of all delivery results")
        .tag(&tag::EVIDENCE)
        .get("/journal", control::institution_journal, "ジャーナル（要求と応答）を見る", "Read journal entries, with filters and pages")
        .delete("/journal", control::clear_journal, "ジャーナルを空にする", "Clear the journal")
        .get("/journal/{entry}", control::institution_entry, "ジャーナルのエントリー1件と、そうなった理由", "Read one entry and its explanation").describe(console::describe_explanation)
        .get("/events", control::read_events, "起きたこと（一覧またはストリーム）", "Read events, as a list or a stream").describe(control::describe_events)
        .tag(&tag::FAULTS)
        .get("/faults", control::list_faults, "障害の一覧", "List faults")
        .post("/faults", control::add_fault, "障害を設定する", "Set faults").describe(control::describe_added_fault)
        .delete("/faults", control::delete_faults, "すべての障害を取り除く", "Remove all faults")
        .get("/faults/{fault}", control::read_fault, "障害を見る", "Read a fault")
        .delete("/faults/{fault}", control::delete_fault, "障害を取り除く", "Remove a fault")
        .tag(&tag::EVIDENCE)
        .get("/observations", control::read_observations, "画面の観察の一覧", "List observations of screens")
        .post("/observations", control::observe, "画面で見たことを記録する", "Record an observation of a screen")
        .get("/observations/{number}/screenshot", control::read_screenshot, "画面の画像を見る", "Read the picture of a screen").describe(control::describe_screenshot)
        .put("/observations/{number}/screenshot", control::attach_screenshot, "観察に画面の画像を添付する", "Attach the picture of a screen to an observation").conflicts()
        .delete("/observations/{number}/screenshot", control::delete_screenshot, "画面の画像を削除する", "Delete the picture of a screen")
        .get("/verdict", control::verdict, "クライアントの判定", "Read the verdict on the clients").describe(control::describe_verdict)
        .tag(&tag::TERMINALS)
        .get("/terminals", control::list_terminals, "端末の一覧", "List terminals")
        .post("/terminals", control::add_terminal, "端末を追加する", "Add a terminal").conflicts()
        .prefix("/v1/institutions/{code}/terminals/{terminal}")
        .get("", control::read_terminal, "端末を見る", "Read a terminal")
        .patch("", control::patch_terminal, "端末の設定を変える", "Change the settings of a terminal")
        .delete("", control::delete_terminal, "端末を削除する", "Delete a terminal").conflicts()
        .post("/power", control::power, "電源プラグを抜き差しする", "Pull or insert the power plug").conflicts()
        .post("/shutdown", control::shutdown, "シャットダウンする", "Shut down the terminal").conflicts()
        .post("/restart", control::restart, "再起動する", "Restart the terminal").conflicts()
        .post("/restart-linkage", control::restart_linkage, "連携アプリケーションだけを再起動する", "Restart only the linkage application").conflicts()
        .post("/reader-power", control::reader_power, "カードリーダーの電源を切り替える", "Switch the card reader on or off").conflicts()
        .post("/download", control::download, "任意のタイミングで手動でダウンロードする", "Download manually at any time").conflicts()
        .post("/install", control::install, "すぐにインストールする", "Install immediately").conflicts()
        .post("/certificate", control::certificate, "端末証明書を発行する", "Issue a terminal certificate").conflicts()
        .post("/card", control::present_card, "カードリーダーにカードを置く", "Present a card at the reader")
        .get("/screen", console::screen, "端末の画面", "Show the terminal's screen")
        .prefix("")
        .tag(&tag::EVIDENCE)
        .get("/v1/journal", control::stray_journal, "医療機関が分からない要求のジャーナル", "Read the journal of requests that match no institution")
        .delete("/v1/journal", control::clear_strays, "そのジャーナルを空にする", "Clear that journal")
        .get("/v1/journal/{entry}", control::stray_entry, "そのエントリー1件と、そうなった理由", "Read one of its entries and its explanation").describe(console::describe_explanation)
        .get("/v1/failed-handshakes", control::failed_handshakes, "失敗した TLS 接続と対処", "List failed TLS handshakes and their remedies")
        .get("/metrics", control::metrics, "Prometheus 形式のメトリクス", "Read metrics in Prometheus format")
        .tag(&tag::CONSOLE)
        .post("/v1/console-links", control::create_console_link, "コンソールのサインイン用リンクを作る", "Create a link for signing in to the console")
        .tag(&tag::SCENARIOS)
        .get("/v1/scenarios", control::list_scenarios, "シナリオの一覧", "List scenarios")
        .get("/v1/fixtures", control::read_fixtures, "使用中のフィクスチャを見る", "Read the fixtures in use")
        .put("/v1/fixtures", control::put_fixtures, "フィクスチャを内容で置き換える", "Replace the fixtures by content")
        .delete("/v1/fixtures", control::delete_fixtures, "起動時のフィクスチャに戻す", "Restore the fixtures of the start")
}

#[rustfmt::skip]
fn open_routes() -> Routes<Arc<App>> {
    Routes::new(&tag::OPEN)
        .get("/healthz", control::healthz, "動作中か", "Check whether the server is running")
        .get("/readyz", control::readyz, "応答できる状態か", "Check whether the server is ready")
        .get("/ca.pem", control::ca_pem, "CA証明書", "Read the CA certificate")
        .get("/openapi.json", control::openapi, "この文書（OpenAPI 3.1）", "Read this document (OpenAPI 3.1)")
        .get("/docs", console::docs, "この文書を読むためのページ", "Show this document as a page")
        .get("/", console::landing, "案内のページ", "Show the start page").describe(console::describe_landing)
}
