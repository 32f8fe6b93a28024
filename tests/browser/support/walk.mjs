// The steps of a rehearsal on the console's pages, by accessible names alone. Whoever walks brings a hand: the mouse or the keyboard.

export const SCENARIO = "インストール済み・未再起動";
const PRODUCT = { product: "ご自社レセコン", version: "5.2", tester: "検証チーム" };

export const section = (page, heading) => page.locator("section").filter({ has: page.getByRole("heading", { name: heading }) }).last();
export const request = (page, text) => section(page, "要求").getByRole("row").filter({ hasText: text }).first();
export const terminal = (page, name = "T1") => page.getByRole("group", { name: `端末 ${name}`, exact: true });
export const verdict = (page) => section(page, "判定");
/** The verdict as a whole: the first line of the section, and no badge of a rule. */
export const overall = (page, word) => verdict(page).getByRole("paragraph").first().filter({ hasText: new RegExp(`^\\s*${word}`) });

/** From the link to はじめる. */
export async function signIn(page, server) {
  await page.goto(await server.link());
  await page.waitForURL(/\/console\/start$/);
}

/** Says what is tested and starts a scenario; gives the code of the institution. */
export async function start(page, hand, { title = SCENARIO, ...words } = {}) {
  const { product, version, tester } = { ...PRODUCT, ...words };
  await hand.fill(page.getByRole("textbox", { name: "製品名" }), product);
  await hand.fill(page.getByRole("textbox", { name: "バージョン", exact: true }), version);
  await hand.fill(page.getByRole("textbox", { name: "担当者" }), tester);
  const scenario = page.getByRole("article", { name: title, exact: true });
  await hand.press(scenario.getByRole("button", { name: "はじめる" }));
  await page.waitForURL(/\/console\/connect\/\d+/);
  return new URL(page.url()).pathname.split("/").pop();
}

/** The steps of 接続の確認 whose state is this word. */
export const step = (page, name, state) => page.getByRole("listitem").filter({ hasText: name }).filter({ hasText: state });

/** From 接続の確認, once the client has checked, to リハーサル. */
export async function goOn(page, hand, code) {
  await step(page, "資格確認", "済み").first().waitFor();
  await hand.press(page.getByRole("link", { name: "リハーサルへ進む" }));
  await page.waitForURL(new RegExp(`/console/institutions/${code}$`));
}

/** Records what the receipt computer's screen showed. */
export async function record(page, hand, kind, words) {
  const question = page.getByRole("group", { name: "レセコンの画面に何が表示されましたか" }).first();
  await question.waitFor();
  await hand.choose(question.getByRole("radio", { name: kind }));
  if (words) await hand.fill(page.getByRole("textbox", { name: "画面の文言" }).first(), words);
  await hand.press(page.getByRole("button", { name: "記録する" }).first());
}

/** From リハーサル to the report, which is saved; gives the path of the file. */
export async function saveReport(page, hand) {
  const save = page.getByRole("link", { name: "報告書を保存" });
  await hand.press(page.getByRole("link", { name: "報告書へ" }));
  await page.waitForURL(/\/report$/);
  const download = page.waitForEvent("download");
  await hand.press(save);
  return (await download).path();
}
