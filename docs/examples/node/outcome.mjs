// 届いたものから、すべきことと表示することを決める。docs/answers.ja.md の「判断の表」のとおりで、row はその行番号。

import { all, loginText, results, text } from './message.mjs';

// すべきこと
export const TAKE_OVER = 'take_over'; // 資格情報を取り込む
export const SHOW_RESULT = 'show_result'; // 結果を表示する（取り込むものはない）
export const REPEAT = 'repeat'; // 職員の操作で、同じ患者の資格確認をもう一度行う
export const ASK_LATER = 'ask_later'; // 処理中。しばらく待って、もう一度照会する
export const LOG_IN = 'log_in'; // 1回だけログインし直して、同じ資格確認を行う
export const CORRECT = 'correct'; // 要求ファイルの誤り。同じファイルを送り直さない

const VALIDITY = { 1: '有効', 2: '無効', 3: '無効（新しい資格あり）', 4: '該当資格なし', 5: '複数該当', 6: '有効（未登録）' };
const REASON = { '01': '死亡', '02': '生活保護受給開始', '03': '医療保険等の資格取得', 99: 'その他' };
const CALL_CENTRE = 'コールセンター（0800-080-4583）に連絡し、その間は KB0011769#B の方法（マイナポータルの資格情報の画面、資格情報のお知らせ、資格確認書など）で資格を確認してください。';

/**
 * answer は届いたもの：noAnswer（何も届かなかった理由）、status（HTTP ステータス。連携フォルダーでは 200）、retryAfter（秒）、
 * err（.err ファイルの内容）、message（電文の木。読めなければ undefined）、raw（届いたバイト列）、login（ログインへの応答か）。
 * restarted は、再起動を求めるエラーの後に、職員がやり直しの操作をしたかどうか。
 */
export function decide(answer, restarted = false) {
  return decideHeader(answer, restarted) ?? decideBody(all(answer.message, 'MessageBody')[0], restarted);
}

/** 行1〜5。電文の本体まで読み進めてよければ undefined。 */
export function decideHeader(answer, restarted = false) {
  const { message, status = 200 } = answer;
  if (answer.noAnswer) return unknown(1, `応答がありません：${answer.noAnswer}`);
  if (status === 401 && !answer.login) {
    return { row: 2, action: LOG_IN, lines: ['資格確認ができませんでした。HTTP ステータス 401', ...error(message, 'MessageHeader/Error')] };
  }
  if (status !== 200 && !message) return otherStatus(answer);
  if (answer.err) {
    const lines = ['要求ファイルを読み取れないという応答（.err）が届きました。', ...answer.err.trimEnd().split(/\r?\n/)];
    return { row: 3, action: CORRECT, lines: [...lines, '同じファイルは送り直しません。この内容を、プログラムの保守担当者に伝えてください。'] };
  }
  const segment = text(message, 'MessageHeader/SegmentOfResult');
  if (segment === '9') return refused(4, error(message, 'MessageHeader/Error'), restarted);
  if (segment === '2') return { row: 5, action: ASK_LATER, lines: ['処理中です。しばらく待って、もう一度照会してください。'] };
  if (segment !== '1' || !all(message, 'MessageBody').length) return unknown(14, '応答を読み取れません');
  return undefined;
}

/** 行6〜14。body は MessageBody、または一括照会の1人分（BulkConfirmUnit）。 */
export function decideBody(body, restarted = false) {
  const status = text(body, 'ProcessingResultStatus');
  const validity = text(body, 'QualificationValidity');
  const said = error(body, 'ProcessingResult');
  if (status === '2') return refused(6, said, restarted);
  if (status !== '1' || !(validity in VALIDITY)) return unknown(14, '応答を読み取れません');
  return result(validity, said.map((line) => `注記：${line}`), results(body));
}

function result(validity, note, found) {
  const lines = [...note, `資格確認の結果：${VALIDITY[validity]}`];
  switch (validity) {
    case '1':
    case '6':
      return { row: validity === '1' ? 8 : 9, action: TAKE_OVER, lines: [...lines, ...found.map((one) => `取り込む資格情報：${qualification(one)}`)] };
    case '2':
    case '3':
      for (const one of found) {
        const reason = text(one, 'ReasonOfLoss');
        lines.push(`資格喪失日 ${day(text(one, 'DisqualificationDate'))}　喪失事由 ${REASON[reason] ?? reason}`);
      }
      if (validity === '3') lines.push('新しい資格があります（その内容は、この応答にはありません）。');
      return { row: validity === '2' ? 10 : 11, action: SHOW_RESULT, lines: [...lines, '新しい資格の提示をお願いしてください。'] };
    case '4':
      return { row: 12, action: SHOW_RESULT, lines: [...lines, '保険者番号・記号・番号・枝番・生年月日を照合し、もう一度資格確認を行ってください。'] };
    default:
      return { row: 13, action: SHOW_RESULT, lines: [...lines, '枝番を確認し、枝番を付けて資格確認を行ってください。'] };
  }
}

function refused(row, said, restarted) {
  const asksRestart = asksForRestart(said.join('。'));
  const lines = ['資格確認ができませんでした。', ...said];
  if (asksRestart) lines.push('資格確認端末を再起動してください。終わったら、同じ患者の資格確認をもう一度行います。');
  if (restarted) lines.push(`再起動してもエラーが続く場合は、${CALL_CENTRE}`);
  return { row, action: REPEAT, lines, asksRestart };
}

function otherStatus({ status, login, retryAfter, raw }) {
  const lines = [`資格確認ができませんでした。HTTP ステータス ${status}`];
  // ログインのエラーは電文ではなく、{"status": コード, "msg": メッセージ}。
  const said = login ? `${loginText(raw, 'status')} ${loginText(raw, 'msg')}`.trim() : '';
  if (said) lines.push(said);
  if (login && status < 404) lines.push('ログインができません。設定の user と password を確認してください。');
  else if (retryAfter) lines.push(`今は応答できないと返されました。${retryAfter} 秒以上待って、もう一度資格確認を行ってください。`);
  else if (status >= 500) lines.push('今は応答できないと返されました。しばらく待って、もう一度資格確認を行ってください。');
  else lines.push('要求に誤りがあります。プログラムの保守担当者に連絡してください。');
  return { row: 2, action: REPEAT, lines };
}

function unknown(row, why) {
  const lines = [`資格確認ができませんでした。${why}`, '資格確認端末と回線が動いているか、端末が再起動されているかを確認し、もう一度資格確認を行ってください。'];
  return { row, action: REPEAT, lines, keep: row === 14 };
}

/** コードとメッセージを、届いたとおりに。 */
function error(node, prefix) {
  const said = `${text(node, `${prefix}Code`)} ${text(node, `${prefix}Message`)}`.trim();
  return said ? [said] : [];
}

/** 再起動を求める文があるか。エラーのコードは公開されていないので、文言で判断する。 */
export function asksForRestart(said) {
  const names = /再起動|再立ち上げ|立ち上げ直|リブート/;
  const asking = /ください|必要|お願い/;
  const negating = /再起動しても|再起動後も|再起動しない|再起動せず|不要|必要ありません|必要はありません/;
  return said.split('。').some((sentence) => names.test(sentence) && asking.test(sentence) && !negating.test(sentence));
}

function qualification(one) {
  const numbers = [['保険者番号', 'InsurerNumber'], ['記号', 'InsuredCardSymbol'], ['番号', 'InsuredIdentificationNumber'], ['枝番', 'InsuredBranchNumber']];
  const told = numbers.filter(([, name]) => text(one, name)).map(([label, name]) => `${label} ${text(one, name)}`);
  return [text(one, 'Name'), ...told].join('　');
}

/** YYYYMMDD を YYYY-MM-DD に。 */
export function day(date) {
  return date.length === 8 ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : date;
}
