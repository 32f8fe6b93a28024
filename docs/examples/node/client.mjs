// 資格確認のクライアントの例。使い方：node client.mjs web|folder|bulk [settings=ファイル] [名前=値 ...]（docs/sample-clients.ja.md）
// 標準出力の1行が、画面に表示する1行。標準入力の1行が、職員の操作。

import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import readline from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import * as message from './message.mjs';
import * as outcome from './outcome.mjs';

const LOGIN = '/oqs-api-pro/MSA12020/ILI12020SV01/auth';
const SEARCH = '/oqs-api-pro/MSA01030/ILI01030SV01/search';
const DEFAULTS = {
  base_url: 'https://localhost:8443',
  ca: 'certs/ca.pem', // サーバーの証明書を検証する CA
  institution: '9910000026',
  user: '', // 空なら医療機関コード
  password: 'onshi-mock',
  folder: '', // req と res のあるフォルダー
  charset: 'utf-8', // 要求ファイルの文字コード：utf-8 または shift_jis
  date: '', // 資格確認日 YYYYMMDD。空なら今日
  timeout: '30', // 応答を待つ秒数
  interval: '10', // 同じ照会を次に送るまでの最短の秒数
};

class WrongSettings extends Error {}
class Ended extends Error {} // 職員が操作を終えた

const show = (line) => console.log(line);
const stamp = () => new Date(Date.now() + 9 * 3600 * 1000).toISOString().replace(/\D/g, ''); // 日本の YYYYMMDDhhmmssfff

/** 名前=値 を順に読む。同じ名前は、後のものが優先。person= は、書いた数だけの患者になる。 */
function readSettings(given) {
  const settings = { ...DEFAULTS };
  const persons = [];
  for (const argument of given.flatMap(withFile)) {
    const [, name, value] = /^([^=]*)=(.*)$/.exec(argument) ?? [];
    if (name === 'person' && value.split(',').length === message.PERSON.length) {
      const fields = value.split(',').map((field, at) => [message.PERSON[at], field.trim()]);
      persons.push(Object.fromEntries(fields.filter(([, field]) => field)));
    } else if (name in settings) {
      settings[name] = value;
    } else {
      throw new WrongSettings(`設定 ${argument} は使えません。使える名前：${Object.keys(DEFAULTS).join('、')}、settings、person（保険者番号,記号,番号,枝番,生年月日）`);
    }
  }
  if (!persons.length) throw new WrongSettings('患者がいません。person=保険者番号,記号,番号,枝番,生年月日 を指定してください。');
  settings.date ||= stamp().slice(0, 8);
  return { settings, persons };
}

/** settings=ファイル を、その中の行に置き換える。 */
function withFile(argument) {
  if (!argument.startsWith('settings=')) return [argument];
  const path = argument.slice('settings='.length);
  try {
    const lines = readFileSync(path, 'utf8').replace(/^\ufeff/, '').split(/\r?\n/).map((line) => line.trim());
    return lines.filter((line) => line && !line.startsWith('#'));
  } catch (error) {
    throw new WrongSettings(`設定ファイル ${path} を読めません：${error.message}`);
  }
}

/** Web API。トークンは、期限が切れたと言われるまで使い続ける。 */
class Web {
  constructor(settings) {
    this.settings = settings;
    this.url = settings.base_url.replace(/\/+$/, '');
    if (!/^https:\/\/[^/]+$/.test(this.url)) throw new WrongSettings(`base_url=${settings.base_url} は https://ホスト名:ポート の形で書いてください。`);
    try {
      this.ca = readFileSync(settings.ca);
      new X509Certificate(this.ca); // CA の証明書でなければ例外になる
    } catch (error) {
      throw new WrongSettings(`CA のファイル ca=${settings.ca} を読めません：${error.message}`);
    }
  }

  async check(person) {
    const { institution, user, password, date } = this.settings;
    if (!this.token) {
      const login = await this.post(LOGIN, JSON.stringify({ userId: user || institution, password }));
      this.token = message.loginText(login.raw, 'result/idToken');
      if (!this.token) return { ...login, login: true };
    }
    return this.post(SEARCH, message.checkJson(institution, date, person), this.token);
  }

  logOut() {
    this.token = undefined;
  }

  async post(path, body, token) {
    const headers = { 'Content-Type': 'application/json;charset=UTF-8', Accept: 'application/json', 'Content-Length': Buffer.byteLength(body) };
    if (token) headers.Authorization = token; // Bearer は付けない
    try {
      return await new Promise((done, failed) => {
        const options = { method: 'POST', ca: this.ca, headers, agent: false, signal: AbortSignal.timeout(this.settings.timeout * 1000) };
        const request = https.request(this.url + path, options, async (response) => {
          try {
            const raw = Buffer.concat(await response.toArray());
            done({ status: response.statusCode, retryAfter: Number(response.headers['retry-after']) || 0, message: message.parse(raw), raw });
          } catch (error) {
            failed(error);
          }
        });
        request.on('error', failed).end(body);
      });
    } catch (error) {
      const { ca } = this.settings;
      const certificate = /CERT|ISSUER|SIGNATURE/.test(error.code);
      return { noAnswer: certificate
        ? `サーバーの証明書を検証できません（${error.message}）。設定の ca=${ca} が接続先の CA の証明書か、base_url のホスト名が証明書にあるか確認してください`
        : `${this.url} と通信できません（${error.message || error.code}）。サーバーと、設定の base_url を確認してください` };
    }
  }
}

/** 連携フォルダー。req に置き、res を待つ。 */
class Folder {
  constructor(settings) {
    this.settings = settings;
    for (const name of ['req', 'res']) {
      if (!settings.folder || !existsSync(join(settings.folder, name))) {
        throw new WrongSettings(`連携フォルダー folder=${settings.folder} に ${name} がありません。req と res のあるフォルダーを指定してください。`);
      }
    }
  }

  check(person) {
    return this.checkAll('OQSsiquc01', [person]);
  }

  checkAll(kind, persons) {
    const { institution, date, charset } = this.settings;
    const tail = stamp();
    return this.send(kind, tail, message.checkXml(institution, date, tail, persons, charset));
  }

  fetch(number) {
    return this.send('OQSmuquc02', stamp(), message.fetchXml(this.settings.institution, number, this.settings.charset));
  }

  async send(kind, tail, content) {
    const at = (folder, name) => join(this.settings.folder, folder, name);
    const request = at('req', `${kind}req_${tail}.xml`);
    try {
      writeFileSync(`${request}.tmp`, content); // 書き終えてから .xml にする
      renameSync(`${request}.tmp`, request);
      return await this.wait(request, at('res', `${kind}res_${tail}.xml`), at('res', `${kind}req_${tail}`));
    } catch (error) {
      return { noAnswer: `連携フォルダーを読み書きできません（${error.message}）。共有フォルダーの接続を確認してください` };
    }
  }

  async wait(request, result, refused) {
    const end = performance.now() + this.settings.timeout * 1000;
    let raw;
    while (performance.now() < end) {
      if (existsSync(`${refused}.xml`) && existsSync(`${refused}.err`)) return { err: message.decode(readFileSync(`${refused}.err`)) };
      raw = existsSync(result) ? readFileSync(result) : undefined;
      // 書きかけのファイルは読まない
      if (raw?.toString('latin1').trimEnd().endsWith('</XmlMsg>')) return { message: message.parse(raw), raw };
      await sleep(300);
    }
    if (raw?.length) return { raw };
    const waiting = existsSync(request);
    rmSync(request, { force: true }); // 後から処理されないよう、取り下げる
    return { noAnswer: waiting ? '要求ファイルが受け取られません。端末の電源と連携アプリケーション、設定の folder を確認してください' : '応答ファイルが出力されません' };
  }
}

const staff = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** 同じ照会を繰り返すかどうかを、職員に聞く。 */
async function askStaff(afterRestart) {
  show(`${afterRestart ? '［Enter］再起動が終わったので、同じ照会をもう一度行う' : '［Enter］同じ照会をもう一度行う'}　［n］次へ　［q］終了`);
  const { done, value } = await staff.next();
  if (done || value.trim() === 'q') throw new Ended();
  return value.trim() !== 'n';
}

async function waitUntil(moment) {
  const wait = moment - performance.now();
  if (wait > 0) {
    show(`約${Math.floor(wait / 1000) + 1}秒後に照会します。`);
    await sleep(wait);
  }
}

function keep(raw) {
  const name = `answer-${stamp()}.txt`;
  writeFileSync(name, raw);
  show(`応答をファイル ${name} に保存しました。プログラムの保守担当者に渡してください。`);
}

/** 結果が得られるか、職員が次に進むまで、同じ照会を繰り返す。得られた応答を返す。得られなければ undefined。 */
async function confirm(settings, heading, send, decide, logOut = () => {}) {
  let restarted = false;
  let loggedInAgain = false;
  for (;;) {
    const sent = performance.now();
    show(heading);
    const answer = await send();
    const decided = decide(answer, restarted);
    if (decided?.action === outcome.LOG_IN && !loggedInAgain) {
      loggedInAgain = true;
      logOut();
      continue;
    }
    decided?.lines.forEach(show);
    if (decided?.keep) keep(answer.raw);
    if (!decided || [outcome.TAKE_OVER, outcome.SHOW_RESULT].includes(decided.action)) return answer;
    if (decided.action === outcome.CORRECT || !(await askStaff(decided.asksRestart))) return undefined;
    restarted ||= decided.asksRestart ?? false;
    logOut(); // やり直すときは、ログインからやり直す。トークンの期限切れが、401 でなくエラーの電文で届くこともある
    await waitUntil(sent + 1000 * Math.max(settings.interval, answer.retryAfter ?? 0));
  }
}

function nameOf(person) {
  const labels = ['保険者番号', '記号', '番号', '枝番', '生年月日'];
  const told = message.PERSON.map((name, at) => person[name] && `${labels[at]} ${name === 'Birthdate' ? outcome.day(person[name]) : person[name]}`);
  return told.filter(Boolean).join('　');
}

/** 1人ずつの資格確認。全員の結果が得られたかどうかを返す。 */
async function checkEach(settings, persons, transport) {
  let complete = true;
  for (const person of persons) {
    const answer = await confirm(settings, `【資格確認】${nameOf(person)}`, () => transport.check(person), outcome.decide, () => transport.logOut?.());
    complete &&= answer !== undefined;
  }
  return complete;
}

/** 一括照会：OQSmuquc01 で依頼し、受付番号で OQSmuquc02 の結果を受け取る。 */
async function bulk(settings, persons, folder) {
  const accepted = await confirm(settings, `【一括照会】${persons.length} 件`, () => folder.checkAll('OQSmuquc01', persons), outcome.decideHeader);
  if (!accepted) return false;
  const number = message.text(accepted.message, 'MessageBody/ReceptionNumber') || message.text(accepted.message, 'MessageHeader/ReceptionNumber');
  show(`受け付けられました。受付番号 ${number}`);
  const fetched = await confirm(settings, `【一括照会の結果】受付番号 ${number}`, () => folder.fetch(number), outcome.decideHeader);
  if (!fetched) return false;
  let complete = true;
  for (const unit of message.all(fetched.message, 'MessageBody/BulkConfirmUnit')) {
    const [asked] = message.all(unit, 'QualificationConfirmSearchInfo');
    show(`【資格確認】${nameOf(Object.fromEntries(message.PERSON.map((name) => [name, message.text(asked, name)])))}`);
    const decided = outcome.decideBody(unit);
    decided.lines.forEach(show);
    complete &&= [outcome.TAKE_OVER, outcome.SHOW_RESULT].includes(decided.action);
  }
  return complete;
}

async function main(mode, ...given) {
  if (!['web', 'folder', 'bulk'].includes(mode)) throw new WrongSettings('web、folder、bulk のどれかを指定してください。');
  const { settings, persons } = readSettings(given);
  if (mode === 'bulk') return bulk(settings, persons, new Folder(settings));
  return checkEach(settings, persons, mode === 'web' ? new Web(settings) : new Folder(settings));
}

try {
  process.exitCode = (await main(...process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  if (error instanceof WrongSettings) console.error(error.message);
  else if (!(error instanceof Ended)) throw error;
  process.exitCode = error instanceof WrongSettings ? 2 : 1;
}
process.stdin.destroy();
