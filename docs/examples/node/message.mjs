// 電文の読み書き。JSON も XML も同じ木 { name, text, children } にして、名前で読む。

// 患者1人の検索条件。設定ファイルの person= の並び順でもある。
export const PERSON = ['InsurerNumber', 'InsuredCardSymbol', 'InsuredIdentificationNumber', 'InsuredBranchNumber', 'Birthdate'];
const CONSENT = 'LimitApplicationCertificateRelatedConsFlg';
const ENTITIES = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** パス（A/B/C）にあるすべての要素。 */
export function all(node, path) {
  return path.split('/').reduce((found, name) => found.flatMap((one) => one.children.filter((child) => child.name === name)), node ? [node] : []);
}

/** 最初に見つかった要素の値。前後の空白（保険者番号の左の空白など）は取り除く。要素がなければ空文字列。 */
export function text(node, path) {
  return (all(node, path)[0]?.text ?? '').replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
}

/** 資格情報の一覧。1件でも複数件でも、ResultList の中でも直下（一括照会）でもよい。 */
export function results(body) {
  const name = 'ResultOfQualificationConfirmation';
  return [...all(body, `ResultList/${name}`), ...all(body, name)];
}

/** 届いたバイト列を木にする。XML か JSON の電文として読めなければ undefined。 */
export function parse(data) {
  try {
    const decoded = decode(data).trim();
    const root = { name: '', text: '', children: [] };
    if (decoded.startsWith('{')) add(root, JSON.parse(decoded));
    else parseXml(root, decoded);
    return all(root, 'XmlMsg')[0];
  } catch {
    return undefined;
  }
}

/**
 * XML 宣言の encoding に従って文字列にする。JSON は UTF-8。どちらも、読めなければ例外になる。
 * 宣言のないファイル（.err）は、UTF-8 でなければ Shift_JIS とみなす。
 */
export function decode(data) {
  const head = data.toString('latin1');
  const declared = head.startsWith('{') ? 'utf-8' : /^<\?xml[^>]*encoding=["']([^"']+)/.exec(head)?.[1];
  if (declared) return new TextDecoder(/^(shift_jis|windows-31j|cp932)$/i.test(declared) ? 'shift_jis' : 'utf-8', { fatal: true }).decode(data);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    return new TextDecoder('shift_jis').decode(data);
  }
}

/** ログインの応答（電文ではない JSON）にある値。なければ空文字列。 */
export function loginText(data, path) {
  try {
    const root = { name: '', text: '', children: [] };
    add(root, JSON.parse(data));
    return text(root, path);
  } catch {
    return '';
  }
}

/** JSON の値を子要素にする。配列は同じ名前の要素の繰り返し。null の要素は、ないものとして扱う。 */
function add(parent, value) {
  for (const [name, item] of Object.entries(value)) {
    for (const one of [item].flat()) {
      if (one === null) continue;
      const child = { name, text: typeof one === 'object' ? '' : String(one), children: [] };
      if (typeof one === 'object') add(child, one);
      parent.children.push(child);
    }
  }
}

/** XML を木にする。名前空間の接頭辞と属性は使わない。開始タグと終了タグが対応していなければ例外になる。 */
function parseXml(root, xml) {
  const open = [root];
  for (const [, skipped, cdata, end, start, empty, chars] of xml.matchAll(
    /(<\?[^]*?\?>|<!--[^]*?-->)|<!\[CDATA\[([^]*?)\]\]>|<\/([^\s>]+)\s*>|<([^\s/>!?]+)(?:\s(?:[^>"']|"[^"]*"|'[^']*')*?)?(\/?)>|([^<]+|<)/g)) {
    if (skipped !== undefined) continue;
    const top = open.at(-1);
    if (start !== undefined) {
      const node = { name: start.replace(/^.*:/, ''), text: '', children: [] };
      top.children.push(node);
      if (!empty) open.push(node);
    } else if (end !== undefined) {
      if (open.pop().name !== end.replace(/^.*:/, '')) throw new Error(`終了タグ ${end}`);
    } else {
      if (chars === '<') throw new Error('タグの途中で終わっている');
      top.text += cdata ?? chars.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, number, name) =>
        name ? ENTITIES[name] ?? whole : String.fromCodePoint(hex ? parseInt(hex, 16) : Number(number)));
    }
  }
  if (open.length !== 1) throw new Error('終了タグがない');
}

/** Web API の資格確認の要求。 */
export function checkJson(institution, date, person) {
  return JSON.stringify({ XmlMsg: {
    MessageHeader: { QualificationConfirmationDate: date, MedicalInstitutionCode: institution },
    MessageBody: { QualificationConfirmSearchInfo: { ...person, [CONSENT]: '0' } } } });
}

/** 連携フォルダーの資格確認（1人）と一括照会（複数人）の要求ファイル。 */
export function checkXml(institution, date, identifier, persons, charset) {
  const header = element('QualificationConfirmationDate', date) + element('MedicalInstitutionCode', institution) + element('ArbitraryFileIdentifier', identifier);
  const card = (person) => Object.entries({ ...person, [CONSENT]: '0' }).map(([name, value]) => element(name, value)).join('');
  return xml(header, persons.map((person) => `<QualificationConfirmSearchInfo>${card(person)}</QualificationConfirmSearchInfo>`).join(''), charset);
}

/** 一括照会の結果を受け取る要求ファイル。 */
export function fetchXml(institution, number, charset) {
  return xml(element('MedicalInstitutionCode', institution), element('ReceptionNumber', number), charset);
}

const element = (name, value) => `<${name}>${value.replace(/[<>&]/g, (c) => `&#${c.charCodeAt(0)};`)}</${name}>`;

function xml(header, body, charset) {
  const encoding = charset === 'shift_jis' ? 'Shift_JIS' : 'UTF-8';
  const message = `<?xml version="1.0" encoding="${encoding}" standalone="no"?>\n` +
    `<XmlMsg><MessageHeader>${header}</MessageHeader><MessageBody>${body}</MessageBody></XmlMsg>`;
  return charset === 'shift_jis' ? encodeCp932(message) : Buffer.from(message);
}

/** Node.js は Shift_JIS への変換を持たないので、読むときの表を逆に引く。表にない文字は &#番号; にする。 */
function encodeCp932(message) {
  const decoder = new TextDecoder('shift_jis', { fatal: true });
  const codes = new Map();
  const learn = (...bytes) => {
    try {
      const character = decoder.decode(Uint8Array.from(bytes));
      if ([...character].length === 1 && !codes.has(character)) codes.set(character, bytes);
    } catch { /* 使われていない符号 */ }
  };
  for (let first = 0; first < 256; first++) learn(first);
  for (let first = 0x81; first < 0xfd; first++) for (let second = 0x40; second < 0xfd; second++) learn(first, second);
  return Buffer.from([...message].flatMap((character) => codes.get(character) ?? [...Buffer.from(`&#${character.codePointAt(0)};`)]));
}
