// Verifies a published ledger, or a receipt from it, with the browser's own cryptography.
//
// It does what the package entremise-audit does, except time stamps and older copies. Nothing is
// sent: files are read where they lie, or fetched from the folder that this page lies in.
// Standards: RFC 6962 §2.1, C2SP signed-note, tlog-checkpoint, tlog-tiles, tlog-cosignature,
// tlog-proof.
"use strict";

// ── Words ───────────────────────────────────────────────────────────────────────────────────────

const WORDS = {
  fr: {
    title: "Vérifier un registre",
    lead: "Cette page vérifie un registre publié, ou un reçu, dans votre navigateur. Rien n’est envoyé nulle part.",
    trust: "1. À qui vous vous fiez",
    key: "Clé publique du registre, obtenue ailleurs que sur cette page",
    keyHint: "Sans elle, la clé trouvée à côté du registre est utilisée : elle montre que rien n’a changé, non qui a signé.",
    witnessesTitle: "Témoins (facultatif)",
    witnesses: "Clés publiques des témoins qui doivent avoir cosigné, une par ligne",
    what: "2. Ce que vous vérifiez",
    fetch: "Vérifier le registre publié ici",
    folder: "Le dossier d’un registre",
    receipt: "Un reçu (fichier .tlog-proof)",
    drop: "Vous pouvez aussi déposer un reçu n’importe où sur cette page.",
    result: "3. Résultat",
    limits: "Ne sont pas vérifiés ici : l’horodatage RFC 3161, et la comparaison avec une copie ancienne. Le programme « entremise-audit » les vérifie.",
    unable: "Ce navigateur ne sait pas vérifier les signatures Ed25519. Un navigateur plus récent le sait.",
    working: (done, size) => `${number(done)} inscriptions vérifiées sur ${number(size)}…`,
    reading: "Lecture des fichiers…",
    done: "Vérification terminée.",
    sound: (size) => `Le registre est intact : chaque octet est celui qui a été signé (${number(size)} inscriptions).`,
    unsound: "Le registre n’est pas intact : ce n’est pas celui qui a été signé, ou il enfreint ses propres règles.",
    noLedger: "Il n’y a pas de registre ici : aucun fichier nommé « checkpoint ».",
    badKey: "La clé publique saisie ne peut pas être lue.",
    badWitness: (line) => `Cette clé de témoin ne peut pas être lue : ${line}`,
    signedTrusted: (key) => `Signé par ${key}, une clé à laquelle vous vous fiez.`,
    signedBeside: (key) => `Signé par ${key}, la clé qui se trouve à côté : rien ne prouve qui a signé.`,
    unsigned: "La signature du registre n’est pas valable pour cette clé.",
    notANote: "Le fichier « checkpoint » n’est pas une tête de registre signée : un octet a été changé.",
    noKey: "Aucune clé : indiquez celle du registre.",
    cosigned: (name, at) => `Cosigné par le témoin ${name} le ${at}.`,
    notCosigned: (name) => `Le témoin ${name} n’a pas cosigné : rien ne montre que d’autres voient le même registre.`,
    unnamed: (count) => `${number(count)} cosignature(s) de témoins que vous n’avez pas nommés : non vérifiées.`,
    entries: (count) => `${number(count)} inscriptions, chacune dans la forme prévue, numérotées sans trou.`,
    dates: (count) => `${number(count)} dates qui ne reculent jamais.`,
    hashes: (count) => `${number(count)} empreintes comparées aux inscriptions.`,
    root: (root) => `Toutes les inscriptions donnent ensemble la racine signée ${root}.`,
    missing: (file) => `${file} : le fichier manque.`,
    length: (file) => `${file} : le fichier n’a pas la longueur qu’il doit avoir.`,
    differs: (file, entry) => `${file} : l’empreinte ${number(entry)} n’est pas celle de ce qui se trouve dessous.`,
    wrongRoot: "Les inscriptions ne donnent pas la racine qui a été signée.",
    form: (entry) => `Inscription ${number(entry)} : elle n’est pas dans la forme prévue.`,
    numbered: (entry, said) => `Inscription ${number(entry)} : elle se dit numéro ${number(said)}.`,
    backwards: (entry) => `Inscription ${number(entry)} : elle est datée d’avant celle qui la précède.`,
    more: (count) => `Et ${number(count)} autres constats.`,
    notReceipt: "Ce fichier n’est pas un reçu.",
    proves: (p) => `Ce reçu prouve que « ${p.kind} » concernant ${p.subject} a été inscrit sous le numéro ${number(p.entry)} du registre ${p.origin}, parmi ses ${number(p.size)} premières inscriptions`,
    before: (at, name) => `, avant le ${at}, quand le témoin ${name} l’y a vu.`,
    onlyLedger: (at) => `. Que ce fût le ${at}, seul le registre le dit : aucun témoin nommé ne le confirme.`,
    provesNothing: "Ce reçu ne prouve rien.",
    notInTree: "L’inscription n’est pas dans le registre qui a été signé : le reçu a été modifié, ou inventé.",
    otherBody: "Ce que le reçu dit s’être passé n’est pas ce qui a été inscrit.",
    opened: "Ce qui a été inscrit, en entier (vérifié) :",
    closed: "Ce qui a été inscrit en entier ne fait pas partie de ce reçu.",
    inTree: "Les empreintes mènent de l’inscription à la racine signée.",
    needKey: "Pour un reçu, saisissez d’abord la clé publique du registre.",
    trouble: (why) => `La vérification n’a pas pu se terminer : ${why}`,
    other: "English",
  },
  en: {
    title: "Verify a ledger",
    lead: "This page verifies a published ledger, or a receipt, in your browser. Nothing is sent anywhere.",
    trust: "1. Whom you trust",
    key: "Public key of the ledger, obtained elsewhere than on this page",
    keyHint: "Without it the key found beside the ledger is used: it shows that nothing has changed, not who signed.",
    witnessesTitle: "Witnesses (optional)",
    witnesses: "Public keys of the witnesses that must have cosigned, one a line",
    what: "2. What you verify",
    fetch: "Verify the ledger published here",
    folder: "The folder of a ledger",
    receipt: "A receipt (.tlog-proof file)",
    drop: "You can also drop a receipt anywhere on this page.",
    result: "3. Result",
    limits: "Not verified here: RFC 3161 time stamps, and comparison with an older copy. The program “entremise-audit” verifies them.",
    unable: "This browser cannot verify Ed25519 signatures. A newer browser can.",
    working: (done, size) => `${number(done)} of ${number(size)} entries verified…`,
    reading: "Reading the files…",
    done: "Verification finished.",
    sound: (size) => `The ledger is sound: every byte is what was signed (${number(size)} entries).`,
    unsound: "The ledger is not sound: this is not the one that was signed, or it breaks its own rules.",
    noLedger: "There is no ledger here: no file called “checkpoint”.",
    badKey: "The public key you entered cannot be read.",
    badWitness: (line) => `This witness key cannot be read: ${line}`,
    signedTrusted: (key) => `Signed by ${key}, a key you trust.`,
    signedBeside: (key) => `Signed by ${key}, the key that lies beside it: nothing proves who signed.`,
    unsigned: "The ledger’s signature does not hold for this key.",
    notANote: "The file “checkpoint” is not a signed head of a ledger: a byte of it was changed.",
    noKey: "No key: enter that of the ledger.",
    cosigned: (name, at) => `Cosigned by the witness ${name} on ${at}.`,
    notCosigned: (name) => `The witness ${name} did not cosign: nothing shows that others see the same ledger.`,
    unnamed: (count) => `${number(count)} cosignature(s) of witnesses you did not name: not checked.`,
    entries: (count) => `${number(count)} entries, each of the one form, numbered without a gap.`,
    dates: (count) => `${number(count)} dates that never run backwards.`,
    hashes: (count) => `${number(count)} hashes compared with the entries.`,
    root: (root) => `All entries together give the signed root ${root}.`,
    missing: (file) => `${file}: the file is missing.`,
    length: (file) => `${file}: the file has not the length it must have.`,
    differs: (file, entry) => `${file}: hash ${number(entry)} is not that of what lies below it.`,
    wrongRoot: "The entries do not give the root that was signed.",
    form: (entry) => `Entry ${number(entry)}: it is not in the form that entries have.`,
    numbered: (entry, said) => `Entry ${number(entry)}: it calls itself number ${number(said)}.`,
    backwards: (entry) => `Entry ${number(entry)}: it is dated before the one in front of it.`,
    more: (count) => `And ${number(count)} more findings.`,
    notReceipt: "This file is not a receipt.",
    proves: (p) => `This receipt proves that “${p.kind}” for ${p.subject} was entered as entry ${number(p.entry)} of the ledger ${p.origin}, among its first ${number(p.size)} entries`,
    before: (at, name) => `, before ${at}, when the witness ${name} saw it there.`,
    onlyLedger: (at) => `. That this was on ${at} only the ledger itself says: no named witness confirms it.`,
    provesNothing: "This receipt proves nothing.",
    notInTree: "The entry is not in the ledger that was signed: the receipt was altered, or made up.",
    otherBody: "What the receipt says happened is not what was entered.",
    opened: "What was entered, in full (verified):",
    closed: "What was entered in full is not part of this receipt.",
    inTree: "The hashes lead from the entry to the signed root.",
    needKey: "For a receipt, enter the ledger’s public key first.",
    trouble: (why) => `Verification could not finish: ${why}`,
    other: "Français",
  },
};

let language = (navigator.language || "fr").toLowerCase().startsWith("fr") ? "fr" : "en";
const word = (name, ...values) => {
  const found = WORDS[language][name];
  return typeof found === "function" ? found(...values) : found;
};
const number = (value) => new Intl.NumberFormat(language).format(value);

// ── Bytes, hashes, signatures ───────────────────────────────────────────────────────────────────

const WIDTH = 256;
const utf8 = new TextEncoder();
const text = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
const unbase64 = (string) => Uint8Array.from(atob(string), (letter) => letter.charCodeAt(0));
const hexadecimal = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
const same = (one, two) => one.length === two.length && one.every((byte, at) => byte === two[at]);

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
// RFC 6962 §2.1: 0x00 before a leaf, 0x01 before two nodes.
const leafHash = (leaf) => sha256(join([0], leaf));
const nodeHash = (left, right) => sha256(join([1], left, right));

// Root over some hashes: split at the largest power of two below their number.
async function subtree(hashes) {
  if (hashes.length === 1) return hashes[0];
  let middle = 1;
  while (middle * 2 < hashes.length) middle *= 2;
  const halves = [subtree(hashes.slice(0, middle)), subtree(hashes.slice(middle))];
  return nodeHash(...await Promise.all(halves));
}

async function signatureHolds(key, signature, message) {
  const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", imported, signature, message);
}

// A key in note form, `name+number+base64`, of the kind wanted: 1 a ledger's, 4 a witness's.
async function parseKey(line, kind) {
  const [name, id, ...rest] = line.trim().split("+");
  const bytes = unbase64(rest.join("+"));
  const digest = await sha256(join(utf8.encode(`${name}\n`), bytes));
  const right = bytes.length === 33 && bytes[0] === kind && hexadecimal(digest.slice(0, 4)) === id;
  if (!right) throw new Error("no key");
  return { name, id, key: bytes.slice(1), label: `${name}+${id}` };
}

// A signed note that is a checkpoint. Null when it is none.
function parseCheckpoint(note) {
  const end = note.lastIndexOf("\n\n");
  const body = note.slice(0, end + 1);
  const match = /^([^\n]+)\n(0|[1-9]\d{0,14})\n([A-Za-z0-9+/]{43}=)\n/.exec(body);
  if (end < 0 || !match) return null;
  const signatures = [];
  for (const line of note.slice(end + 2).split("\n").filter((line) => line)) {
    const parts = /^— (\S+) (\S+)$/.exec(line);
    if (!parts) return null;
    try {
      const bytes = unbase64(parts[2]);
      const id = hexadecimal(bytes.slice(0, 4));
      signatures.push({ name: parts[1], id, bytes: bytes.slice(4) });
    } catch { return null; }
  }
  return { origin: match[1], size: Number(match[2]), root: unbase64(match[3]), body, signatures };
}

const by = (key) => (signature) => signature.name === key.name && signature.id === key.id;

async function signedBy(checkpoint, key) {
  const line = checkpoint.signatures.find(by(key));
  return Boolean(line) && signatureHolds(key.key, line.bytes, utf8.encode(checkpoint.body));
}

// When a witness cosigned, C2SP tlog-cosignature version 1; null when it did not.
async function cosignedAt(checkpoint, witness) {
  const line = checkpoint.signatures.find(by(witness));
  if (!line || line.bytes.length !== 72) return null;
  const seconds = new DataView(line.bytes.buffer, line.bytes.byteOffset).getBigUint64(0);
  const message = utf8.encode(`cosignature/v1\ntime ${seconds}\n${checkpoint.body}`);
  const holds = await signatureHolds(witness.key, line.bytes.slice(8), message);
  return holds ? instant(new Date(Number(seconds) * 1000).toISOString()) : null;
}

const instant = (at) => at.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");

// ── Entries ─────────────────────────────────────────────────────────────────────────────────────

const MEMBERS = ["authority", "regime", "rules", "subject", "kind", "actor", "commitment"];
const LEAF = new RegExp(
  '^\\{"v":1,"seq":(0|[1-9]\\d*),"at":"(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d)(?:\\.(\\d{1,9}))?Z"' +
  MEMBERS.map((name) => `,"${name}":"([^"\\\\]*)"`).join("") + "\\}$",
);

function parseLeaf(bytes) {
  let match = null;
  try { match = LEAF.exec(text(bytes)); } catch { /* not UTF-8 */ }
  if (!match || !/^[0-9a-f]{64}$/.test(match[10])) return null;
  const [, seq, date, fraction = ""] = match;
  return {
    seq: Number(seq), at: `${date}${fraction && `.${fraction}`}Z`,
    // As text these sort like the instants they name.
    order: `${date}.${fraction.padEnd(9, "0")}`,
    authority: match[4], subject: match[7], kind: match[8], commitment: match[10],
  };
}

// The leaves in a bundle, each behind its length in two bytes; null when it ends within one.
function leavesOf(bundle) {
  const leaves = [];
  for (let at = 0; at < bundle.length;) {
    const length = bundle[at] * 256 + bundle[at + 1];
    if (at + 2 + length > bundle.length) return null;
    leaves.push(bundle.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return leaves;
}

// ── A ledger ────────────────────────────────────────────────────────────────────────────────────

// C2SP tlog-tiles: `tile/<level>/x001/x234/067[.p/<width>]`.
function tilePath(level, index, width) {
  const digits = [String(index % 1000).padStart(3, "0")];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    digits.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  }
  return `tile/${level}/${digits.join("/")}${width === WIDTH ? "" : `.p/${width}`}`;
}

const WRONG_SHOWN = 20;

class Ledger {
  // `read` gives the bytes of a file by its path in the ledger's folder, or null.
  constructor(read, trust, tell) {
    Object.assign(this, { read, trust, tell });
    this.checks = [];
    this.findings = [];
    this.edge = [];
    this.hashes = 0;
    this.last = "";
  }

  good(words) { this.checks.push(["good", words]); }
  open(words) { this.checks.push(["open", words]); }
  wrong(words) { this.findings.push(words); }

  async verify() {
    const note = await this.read("checkpoint");
    let checkpoint = null;
    try { checkpoint = parseCheckpoint(text(note)); } catch { /* not UTF-8 */ }
    if (!checkpoint) { this.wrong(word("notANote")); return this; }
    this.checkpoint = checkpoint;
    await this.signatures(checkpoint);
    for (let index = 0; index * WIDTH < checkpoint.size; index += 1) {
      if (index % 16 === 0) await this.tell(index * WIDTH, checkpoint.size);
      await this.bundle(index, Math.min(WIDTH, checkpoint.size - index * WIDTH));
      if (this.findings.length > 1000) break;
    }
    const root = await this.root();
    if (this.findings.length === 0 && !same(root, checkpoint.root)) this.wrong(word("wrongRoot"));
    if (this.findings.length === 0) {
      this.good(word("entries", checkpoint.size));
      this.good(word("dates", checkpoint.size));
      this.good(word("hashes", this.hashes));
      this.good(word("root", base64(root)));
    }
    return this;
  }

  async signatures(checkpoint) {
    let key = this.trust.key;
    if (!key) {
      const beside = await this.read("vkey");
      try { key = await parseKey(text(beside), 1); } catch { this.wrong(word("noKey")); return; }
    }
    if (await signedBy(checkpoint, key)) {
      if (this.trust.key) this.good(word("signedTrusted", key.label));
      else this.open(word("signedBeside", key.label));
    } else {
      this.wrong(word("unsigned"));
    }
    for (const witness of this.trust.witnesses) {
      const at = await cosignedAt(checkpoint, witness);
      if (at) this.good(word("cosigned", witness.name, at));
      else this.wrong(word("notCosigned", witness.name));
    }
    const unnamed = checkpoint.signatures.filter((line) =>
      line.bytes.length === 72 && !this.trust.witnesses.some((witness) => by(witness)(line)));
    if (unnamed.length) this.open(word("unnamed", unnamed.length));
  }

  // A file of the tree; the beginning of the full one where a partial one was outgrown.
  async tile(level, index, width) {
    const exact = await this.read(tilePath(level, index, width));
    if (exact || width === WIDTH) return exact;
    const full = await this.read(tilePath(level, index, WIDTH));
    if (!full) return null;
    if (level !== "entries") return full.slice(0, width * 32);
    const leaves = leavesOf(full) || [];
    return full.slice(0, leaves.slice(0, width).reduce((sum, leaf) => sum + 2 + leaf.length, 0));
  }

  async bundle(index, width) {
    const file = tilePath("entries", index, width);
    const bytes = await this.tile("entries", index, width);
    if (!bytes) { this.wrong(word("missing", file)); return; }
    const leaves = leavesOf(bytes);
    if (!leaves || leaves.length !== width) { this.wrong(word("length", file)); return; }
    leaves.forEach((leaf, at) => this.entry(index * WIDTH + at, leaf));
    const hashes = await Promise.all(leaves.map(leafHash));
    await this.compare(0, index, hashes);
    if (width < WIDTH) this.edge[0] = hashes;
    else await this.climb(1, index, await subtree(hashes));
  }

  entry(seq, bytes) {
    const leaf = parseLeaf(bytes);
    if (!leaf) { this.wrong(word("form", seq)); return; }
    if (leaf.seq !== seq) this.wrong(word("numbered", seq, leaf.seq));
    if (leaf.order < this.last) this.wrong(word("backwards", seq));
    else this.last = leaf.order;
  }

  // Holds a published tile against the hashes of what lies below it.
  async compare(level, index, hashes) {
    const file = tilePath(level, index, hashes.length);
    const tile = await this.tile(level, index, hashes.length);
    if (!tile) { this.wrong(word("missing", file)); return; }
    if (tile.length !== hashes.length * 32) { this.wrong(word("length", file)); return; }
    hashes.forEach((hash, at) => {
      if (!same(hash, tile.subarray(at * 32, at * 32 + 32))) {
        this.wrong(word("differs", file, index * WIDTH + at));
      }
    });
    this.hashes += hashes.length;
  }

  async climb(level, index, hash) {
    this.edge[level] ??= [];
    this.edge[level].push(hash);
    if (this.edge[level].length < WIDTH) return;
    const full = this.edge[level];
    this.edge[level] = [];
    const above = Math.floor(index / WIDTH);
    await this.compare(level, above, full);
    await this.climb(level + 1, above, await subtree(full));
  }

  // The tiles that are not full, and with them the root.
  async root() {
    let right = null;
    for (let level = 0; level < this.edge.length; level += 1) {
      const hashes = this.edge[level] ?? [];
      if (level > 0 && hashes.length) {
        const index = Math.floor(this.checkpoint.size / WIDTH ** (level + 1));
        await this.compare(level, index, hashes);
      }
      const nodes = right ? [...hashes, right] : hashes;
      right = nodes.length ? await subtree(nodes) : right;
    }
    return right ?? sha256(new Uint8Array());
  }
}

// ── A receipt ───────────────────────────────────────────────────────────────────────────────────

function parseReceipt(string) {
  const middle = string.indexOf("\n\n");
  const [first, extra, index, ...proof] = string.slice(0, middle).split("\n");
  const entry = /^index (0|[1-9]\d{0,14})$/.exec(index ?? "");
  if (middle < 0 || first !== "c2sp.org/tlog-proof@v1" || !entry) throw new Error("no receipt");
  return {
    entry: Number(entry[1]),
    extra: JSON.parse(text(unbase64(extra.replace(/^extra /, "")))),
    proof: proof.map(unbase64),
    checkpoint: parseCheckpoint(string.slice(middle + 2)),
  };
}

// RFC 9162 §2.1.3.2: the root that a leaf and the hashes beside its way give.
async function rootFrom(hash, entry, size, proof) {
  let [node, last, root] = [entry, size - 1, hash];
  if (entry >= size) return null;
  for (const beside of proof) {
    if (last === 0 || beside.length !== 32) return null;
    if (node % 2 === 1 || node === last) {
      root = await nodeHash(beside, root);
      while (node % 2 === 0 && node !== 0) { node /= 2; last = Math.floor(last / 2); }
    } else {
      root = await nodeHash(root, beside);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? root : null;
}

async function verifyReceipt(string, trust) {
  let receipt;
  try { receipt = parseReceipt(string); } catch { return { findings: [word("notReceipt")] }; }
  const { checkpoint, entry, extra, proof } = receipt;
  const bytes = utf8.encode(extra.leaf ?? "");
  const leaf = parseLeaf(bytes);
  if (!checkpoint || !leaf || leaf.seq !== entry) return { findings: [word("notReceipt")] };
  if (!await signedBy(checkpoint, trust.key)) return { findings: [word("unsigned")] };
  const checks = [["good", word("signedTrusted", trust.key.label)]];
  const root = await rootFrom(await leafHash(bytes), entry, checkpoint.size, proof);
  if (!root || !same(root, checkpoint.root)) return { findings: [word("notInTree")] };
  checks.push(["good", word("inTree")]);
  let seen = null;
  for (const witness of trust.witnesses) {
    const at = await cosignedAt(checkpoint, witness);
    if (!at) return { findings: [word("notCosigned", witness.name)] };
    checks.push(["good", word("cosigned", witness.name, at)]);
    if (!seen || at < seen[0]) seen = [at, witness.name];
  }
  let body = null;
  if (extra.opening) {
    const [salt, opened] = [unbase64(extra.opening.salt), unbase64(extra.opening.body)];
    const tag = utf8.encode("entremise/commitment/v1\0");
    const digest = hexadecimal(await sha256(join(tag, salt, opened)));
    if (digest !== leaf.commitment) return { findings: [word("otherBody")] };
    body = new TextDecoder().decode(opened);
  }
  const facts = { ...leaf, entry, size: checkpoint.size, origin: checkpoint.origin };
  const end = seen ? word("before", ...seen) : word("onlyLedger", instant(leaf.at));
  return { findings: [], checks, sentence: word("proves", facts) + end, body };
}

// ── The page ────────────────────────────────────────────────────────────────────────────────────

const at = (id) => document.getElementById(id);

function say(tag, words, kind) {
  const node = document.createElement(tag);
  node.textContent = words;
  if (kind) node.className = kind;
  return node;
}

function speak() {
  document.documentElement.lang = language;
  document.title = word("title");
  for (const node of document.querySelectorAll("[data-word]")) {
    node.textContent = word(node.dataset.word);
  }
  at("language").textContent = word("other");
  at("language").lang = language === "fr" ? "en" : "fr";
  at("unable").textContent = word("unable");
}

// Whom the reader trusts. Throws words when what was entered cannot be read.
async function trusted() {
  const [line, lines] = [at("key").value.trim(), at("witnesses").value.split("\n")];
  let key = null;
  if (line) {
    try { key = await parseKey(line, 1); } catch { throw word("badKey"); }
  }
  const witnesses = [];
  for (const witness of lines.map((one) => one.trim()).filter((one) => one)) {
    try { witnesses.push(await parseKey(witness, 4)); } catch { throw word("badWitness", witness); }
  }
  return { key, witnesses };
}

// Progress, and a breath for the page so that it stays usable.
async function tell(done, size) {
  at("progress").value = size ? done / size : 1;
  at("status").textContent = word("working", done, size);
  await new Promise((resume) => setTimeout(resume));
}

function list(checks, findings) {
  const all = say("ul", "");
  for (const words of findings.slice(0, WRONG_SHOWN)) all.append(say("li", words, "wrong"));
  if (findings.length > WRONG_SHOWN) {
    all.append(say("li", word("more", findings.length - WRONG_SHOWN), "wrong"));
  }
  for (const [kind, words] of checks) all.append(say("li", words, kind));
  return all;
}

// Runs one verification at a time and shows what it came to.
let running = false;
async function show(work) {
  if (running) return;
  running = true;
  const report = at("report");
  report.replaceChildren();
  at("outcome").hidden = false;
  at("progress").hidden = false;
  at("progress").removeAttribute("value");
  at("status").textContent = word("reading");
  at("status").className = "";
  at("result-title").focus();
  try {
    report.append(...await work(await trusted()));
    // Seen as the verdict; the status says it to whoever listens.
    const verdicts = [...report.querySelectorAll(".verdict")].map((node) => node.textContent);
    at("status").textContent = [word("done"), ...verdicts].join(" ");
    at("status").className = "unseen";
  } catch (why) {
    at("status").textContent = "";
    const words = typeof why === "string" ? why : word("trouble", why.message);
    report.append(say("p", words, "verdict wrong"));
  }
  at("progress").hidden = true;
  at("outcome").dataset.done = String(Number(at("outcome").dataset.done ?? 0) + 1);
  running = false;
}

async function showLedgers(readers, trust) {
  const shown = [];
  for (const read of readers) {
    if (!await read("checkpoint")) throw word("noLedger");
    const ledger = await new Ledger(read, trust, tell).verify();
    if (ledger.checkpoint) shown.push(say("h3", ledger.checkpoint.origin));
    const sound = ledger.findings.length === 0;
    const verdict = sound ? word("sound", ledger.checkpoint.size) : word("unsound");
    shown.push(say("p", verdict, `verdict ${sound ? "good" : "wrong"}`));
    shown.push(list(ledger.checks, ledger.findings));
  }
  if (!shown.length) throw word("noLedger");
  return shown;
}

async function showReceipt(file, trust) {
  if (!trust.key) throw word("needKey");
  const proven = await verifyReceipt(await file.text(), trust);
  if (proven.findings.length) {
    return [say("p", word("provesNothing"), "verdict wrong"), list([], proven.findings)];
  }
  const shown = [say("p", proven.sentence, "verdict good"), list(proven.checks, [])];
  shown.push(say("p", word(proven.body === null ? "closed" : "opened")));
  if (proven.body !== null) shown.push(say("pre", proven.body));
  return shown;
}

// Each folder that holds a checkpoint, as a reader of its files.
function readersOf(files) {
  const byPath = new Map(Array.from(files, (file) => [file.webkitRelativePath, file]));
  const heads = [...byPath.keys()].filter((path) =>
    /(^|\/)checkpoint$/.test(path) && byPath.has(path.replace(/checkpoint$/, "vkey")));
  return heads.map((head) => async (path) => {
    const file = byPath.get(head.replace(/checkpoint$/, path));
    return file ? new Uint8Array(await file.arrayBuffer()) : null;
  });
}

async function fetched(path) {
  const answer = await fetch(path, { cache: "no-cache" });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

async function able() {
  try {
    await crypto.subtle.importKey("raw", new Uint8Array(32).fill(1), "Ed25519", false, ["verify"]);
    return true;
  } catch (why) {
    return why.name !== "NotSupportedError" && Boolean(globalThis.crypto?.subtle);
  }
}

async function start() {
  speak();
  at("language").addEventListener("click", () => {
    language = language === "fr" ? "en" : "fr";
    // A result in the other language is asked for again.
    at("outcome").hidden = true;
    speak();
  });
  at("unable").hidden = await able();
  at("beside").hidden = !location.protocol.startsWith("http");
  at("fetch").addEventListener("click", () => show((trust) => showLedgers([fetched], trust)));
  at("folder").addEventListener("change", ({ target }) => {
    if (target.files.length) show((trust) => showLedgers(readersOf(target.files), trust));
  });
  at("receipt").addEventListener("change", ({ target }) => {
    if (target.files.length) show((trust) => showReceipt(target.files[0], trust));
  });
  const over = (is) => (event) => {
    event.preventDefault();
    document.body.classList.toggle("over", is);
  };
  document.addEventListener("dragover", over(true));
  document.addEventListener("dragleave", over(false));
  document.addEventListener("drop", (event) => {
    over(false)(event);
    const file = event.dataTransfer.files[0];
    if (file) show((trust) => showReceipt(file, trust));
  });
}

start();
