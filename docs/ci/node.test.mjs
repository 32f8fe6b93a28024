// Testcontainers for Node.js: npm install --save-dev testcontainers. Run it with: node --test node.test.mjs
// テストの前に模擬サーバーを起動し、終わったら片付けます。イメージは自分のものに置き換えてください。
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { GenericContainer, Wait } from 'testcontainers';

const token = randomUUID();
let mock, ca, backend, control;

const ask = (url, { body, tls = { ca }, headers = {} } = {}) => new Promise((done, failed) => {
  const options = { method: body ? 'POST' : 'GET', headers: { 'Content-Type': 'application/json;charset=UTF-8', ...headers }, ...tls };
  const request = https.request(url, options, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => done(text));
  });
  request.on('error', failed).end(body && JSON.stringify(body));
});
const administer = (path, body, headers = {}) =>
  ask(`${control}/v1/institutions${path}`, { body, headers: { Authorization: `Bearer ${token}`, ...headers } });

// Your client in place of this.
const check = async (institution) => {
  const { result } = JSON.parse(await ask(`${backend}/oqs-api-pro/MSA12020/ILI12020SV01/auth`, { body: { userId: institution } }));
  const answer = await ask(`${backend}/oqs-api-pro/MSA01030/ILI01030SV01/search`, {
    headers: { Authorization: result.idToken },
    body: { XmlMsg: {
      MessageHeader: { QualificationConfirmationDate: '20260120', MedicalInstitutionCode: institution },
      MessageBody: { QualificationConfirmSearchInfo: {
        InsurerNumber: '01990019', InsuredCardSymbol: '11010203', InsuredIdentificationNumber: '1001',
        InsuredBranchNumber: '01', Birthdate: '19800517', LimitApplicationCertificateRelatedConsFlg: '0' } } } },
  });
  return JSON.parse(answer).XmlMsg;
};

before(async () => {
  mock = await new GenericContainer('registry.example/onshi-mock:0.1')
    .withEnvironment({ ONSHI_CONTROL_TOKEN: token })
    .withExposedPorts(8443, 8444)
    .withWaitStrategy(Wait.forLogMessage('onshi-mock ready'))
    .start();
  [backend, control] = [8443, 8444].map((port) => `https://127.0.0.1:${mock.getMappedPort(port)}`);
  // The CA comes from the container itself; only this one request cannot be checked with it.
  ca = await ask(`${control}/ca.pem`, { tls: { rejectUnauthorized: false } });
});
after(() => mock?.stop());

test('the check is refused until the restart', async () => {
  const { code } = JSON.parse(await administer('', { template: '9910000026', scenario: 'installed-not-restarted' }));
  let report;
  try {
    assert.match((await check(code)).MessageHeader.ErrorMessage, /再起動/);
    await administer(`/${code}/terminals/T1/restart`, {});
    assert.equal((await check(code)).MessageBody.QualificationValidity, '1');
  } finally {
    // The report is kept also where the client failed.
    report = await administer(`/${code}/verdict`, undefined, { Accept: 'application/xml' });
    writeFileSync('onshi-verdict.xml', report);
  }
  assert.doesNotMatch(report, /<failure/);
});
