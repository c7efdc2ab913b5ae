'use strict';
// A shop under Datadog's tracer: each path fails in its own way, or does not.
const tracer = require('dd-trace').init();
const express = require('express');
const http = require('node:http');
const net = require('node:net');

class Declined extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = 'Declined';
  }
}

const stock = { pear: { left: 4 } };

function leftOf(name) {
  return stock[name].left;
}

async function charge(order) {
  await new Promise((resolve) => setImmediate(resolve));
  throw new Declined(`order ${order} was declined`);
}

function dial(port) {
  return new Promise((resolve, reject) => net.connect(port, '127.0.0.1', resolve).on('error', reject));
}

const app = express();
app.use((request, response, next) => {
  if (request.query.user) tracer.setUser({ id: request.query.user });
  if (request.query.tenant === 'none') throw new RangeError('no such tenant');
  next();
});
app.use(express.json());
app.get('/stock/:name', (request, response) => response.send(String(leftOf(request.params.name))));
app.get('/order/:number', async (request) => charge(request.params.number));
app.get('/mail', async (request, response) => {
  try {
    await dial(9);
  } catch (cause) {
    throw new Error('mail not sent', { cause });
  }
  response.send('sent');
});
app.get('/quiet', async (request, response) => {
  await dial(9).catch(() => undefined);
  response.send('not sent');
});
app.get('/word', () => {
  throw 'just a word';
});
app.get('/all', async () => Promise.any([Promise.reject(new Error('a')), Promise.reject(new Error('b'))]));
app.get('/busy', (request, response) => response.status(503).send('busy'));
app.get('/gone', (request, response, next) => next(Object.assign(new Error('gone'), { status: 410 })));
app.get('/noted', (request, response) => {
  try {
    leftOf('fig');
  } catch (error) {
    tracer.scope().active().addTags({ 'error.type': error.name, 'error.message': error.message, 'error.stack': error.stack, error: 1 });
    response.status(500).send('sorry');
  }
});
app.use((error, request, response, next) => response.status(error?.status ?? 500).send('failed'));

function call(port, path, body) {
  return new Promise((resolve) => {
    const options = { port, path, host: '127.0.0.1', method: body ? 'POST' : 'GET', headers: { 'content-type': 'application/json' } };
    http.request(options, (answer) => answer.resume().on('end', () => resolve(answer.statusCode))).end(body);
  });
}

const server = app.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  for (const path of process.argv.slice(2)) console.log(path, await call(port, path));
  console.log('bad json', await call(port, '/stock/pear', '{'));
  server.close();
  await new Promise((resolve) => setTimeout(resolve, 2500)); // the tracer sends every two seconds
  console.log('done');
  if (process.env.CRASH) setTimeout(function flush() { leftOf('plum'); }, 10);
  else process.exit(0);
});
