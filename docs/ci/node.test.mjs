// A test with onshi-mock.mjs beside it. Run it with: node --test node.test.mjs
// テストの前に模擬サーバーを起動し、終わったら片付けます。
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ask, startOnshiMock } from './onshi-mock.mjs';

let mock;
before(async () => { mock = await startOnshiMock(); });
after(() => mock?.stop());

// Your client in place of this.
const check = async (institution) => {
  const { backend, ca } = mock;
  const { result } = JSON.parse(await ask(`${backend}/oqs-api-pro/MSA12020/ILI12020SV01/auth`, { ca, body: { userId: institution } }));
  const answer = await ask(`${backend}/oqs-api-pro/MSA01030/ILI01030SV01/search`, {
    ca, headers: { Authorization: result.idToken },
    body: { XmlMsg: {
      MessageHeader: { QualificationConfirmationDate: '20260120', MedicalInstitutionCode: institution },
      MessageBody: { QualificationConfirmSearchInfo: {
        InsurerNumber: '01990019', InsuredCardSymbol: '11010203', InsuredIdentificationNumber: '1001',
        InsuredBranchNumber: '01', Birthdate: '19800517', LimitApplicationCertificateRelatedConsFlg: '0' } } } },
  });
  return JSON.parse(answer).XmlMsg;
};

test('the check is refused until the restart', async () => {
  await mock.withInstitution({ template: '9910000026', scenario: 'installed-not-restarted' }, async (institution) => {
    assert.match((await check(institution)).MessageHeader.ErrorMessage, /再起動/);
    await mock.administer(`/${institution}/terminals/T1/restart`, {});
    assert.equal((await check(institution)).MessageBody.QualificationValidity, '1');
  });
  assert.doesNotMatch(readFileSync('onshi-verdict.xml', 'utf8'), /<failure/);
});
