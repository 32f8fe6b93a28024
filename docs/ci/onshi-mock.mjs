// The mock in a container, for tests in Node.js: npm install --save-dev testcontainers. Copy this file; node.test.mjs shows how it is used.
// テストから使う模擬サーバーのコンテナーです。このファイルをコピーしてください。イメージは自分のものに置き換えます。
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import https from 'node:https';
import { GenericContainer, Wait } from 'testcontainers';

/** Asks over HTTPS: the text of the answer. */
export const ask = (url, { body, headers = {}, ...tls }) => new Promise((done, failed) => {
  const options = { method: body ? 'POST' : 'GET', headers: { 'Content-Type': 'application/json;charset=UTF-8', ...headers }, ...tls };
  const request = https.request(url, options, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => done(text));
  });
  request.on('error', failed).end(body && JSON.stringify(body));
});

export const startOnshiMock = async (image = 'registry.example/onshi-mock:0.1') => {
  const token = randomUUID();
  const container = await new GenericContainer(image).withEnvironment({ ONSHI_CONTROL_TOKEN: token })
    .withExposedPorts(8443, 8444).withWaitStrategy(Wait.forLogMessage('onshi-mock ready')).start();
  const [backend, control] = [8443, 8444].map((port) => `https://127.0.0.1:${container.getMappedPort(port)}`);
  // The CA comes from the container itself; only this one request cannot be checked with it.
  const ca = await ask(`${control}/ca.pem`, { rejectUnauthorized: false });
  const administer = (path, body, headers = {}) =>
    ask(`${control}/v1/institutions${path}`, { ca, body, headers: { Authorization: `Bearer ${token}`, ...headers } });
  /** Gives a test an institution of its own; the report on the client is kept also where the test fails. */
  const withInstitution = async (settings, test, report = 'onshi-verdict.xml') => {
    const { code } = JSON.parse(await administer('', settings));
    try {
      await test(code);
    } finally {
      writeFileSync(report, await administer(`/${code}/verdict`, undefined, { Accept: 'application/xml' }));
    }
  };
  return { backend, control, ca, administer, withInstitution, stop: () => container.stop() };
};
