PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES('coordinator-v1');
INSERT INTO grdb_migrations VALUES('coordinator-v2');
INSERT INTO grdb_migrations VALUES('coordinator-v3');
CREATE TABLE schema_version (
  version INTEGER PRIMARY KEY,
  software TEXT NOT NULL,
  migrated_at REAL NOT NULL
);
INSERT INTO schema_version VALUES(1,'0.1.0',1700000000.0);
INSERT INTO schema_version VALUES(2,'0.1.0',1700000000.0);
INSERT INTO schema_version VALUES(3,'0.1.0',1700000000.0);
CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  folder TEXT NOT NULL,
  configuration TEXT NOT NULL,
  created_at REAL NOT NULL,
  operator_paused INTEGER NOT NULL
);
INSERT INTO run VALUES(1,'flowers','paused','an operator''s wish; ''später''','runs/flowers',replace('model: m\ndata:\n  train: [a, b]\n','\n',char(10)),1700000000.0,1);
INSERT INTO run VALUES(2,'birds-2','waiting','','runs/birds-2',replace('model: m\n','\n',char(10)),1700000100.0,0);
CREATE TABLE site (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id),
  name TEXT NOT NULL,
  number INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  examples INTEGER,
  costs TEXT,
  budget_bytes INTEGER,
  last_round INTEGER NOT NULL,
  seconds_per_round REAL,
  answers INTEGER NOT NULL,
  misses INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  bytes_sent INTEGER NOT NULL,
  last_seen REAL,
  UNIQUE (run_id, name),
  UNIQUE (run_id, number)
);
INSERT INTO site VALUES(1,1,'site-a',1,'ready','',1200,'{"forward": 0.25, "blocks": [1, 2]}',8589934592,2,1.5,2,0,3000,5000,1700000010.2499999999);
INSERT INTO site VALUES(2,1,'site-b',2,'quarantined','its weights differ',NULL,NULL,NULL,1,NULL,1,1,0,0,NULL);
CREATE TABLE round (
  run_id INTEGER NOT NULL REFERENCES run (id),
  number INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  seconds REAL NOT NULL,
  loss REAL NOT NULL,
  covered_blocks INTEGER NOT NULL,
  bytes_up INTEGER NOT NULL,
  bytes_down INTEGER NOT NULL,
  wire_received INTEGER NOT NULL,
  wire_sent INTEGER NOT NULL,
  metrics TEXT NOT NULL,
  committed_at REAL NOT NULL,
  PRIMARY KEY (run_id, number)
) WITHOUT ROWID;
INSERT INTO round VALUES(1,1,1,2.5,0.69299999999999994937,24,200,400,900,1100,'{"round": 1, "loss": 0.693}',1700000004.0);
INSERT INTO round VALUES(1,2,3,4.0,0.6500000000000000222,12,100,400,700,1000,'{"round": 2}',1700000009.125);
CREATE TABLE result (
  run_id INTEGER NOT NULL,
  round INTEGER NOT NULL,
  site_id INTEGER NOT NULL REFERENCES site (id),
  scalars BLOB NOT NULL,
  examples INTEGER NOT NULL,
  loss REAL,
  seconds REAL NOT NULL,
  peak_memory_mib INTEGER,
  accepted INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (run_id, round, site_id),
  FOREIGN KEY (run_id, round) REFERENCES round (run_id, number) ON DELETE CASCADE
) WITHOUT ROWID;
INSERT INTO result VALUES(1,1,1,X'0000003f95bfd6b3',1200,0.69999999999999995559,1.25,2048,1,'');
INSERT INTO result VALUES(1,1,2,X'0000803e00000040',800,0.68000000000000004884,2.0,NULL,1,'');
INSERT INTO result VALUES(1,2,2,X'0000c07f0000807f',800,NULL,3.0,NULL,0,'not a number');
CREATE TABLE evaluation (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id),
  round INTEGER NOT NULL,
  split TEXT NOT NULL,
  site_id INTEGER REFERENCES site (id),
  examples INTEGER NOT NULL,
  loss REAL NOT NULL,
  accuracy REAL,
  macro_f1 REAL
);
INSERT INTO evaluation VALUES(1,1,0,'validation',NULL,300,0.70999999999999996447,0.5,0.4000000000000000222);
INSERT INTO evaluation VALUES(2,1,2,'test',NULL,300,0.66000000000000003108,NULL,NULL);
INSERT INTO evaluation VALUES(3,1,2,'test',1,200,0.59999999999999997779,NULL,NULL);
CREATE TABLE event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time REAL NOT NULL,
  run TEXT,
  site TEXT,
  round INTEGER,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  detail TEXT
);
INSERT INTO event VALUES(1,1700000000.4999999999,NULL,NULL,NULL,'server.started','Started',NULL);
INSERT INTO event VALUES(2,1700000009.0,'flowers','site-b',2,'result.rejected','site-b answered something that is no number','{"scalar": 1, "limit": 100}');
CREATE TABLE snapshot (
  run_id INTEGER NOT NULL REFERENCES run (id),
  round INTEGER NOT NULL,
  folder TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (run_id, round)
) WITHOUT ROWID;
INSERT INTO snapshot VALUES(1,2,'runs/flowers/snapshots/2',8589934592);
CREATE TABLE request (
  run TEXT NOT NULL PRIMARY KEY,
  digest TEXT NOT NULL,
  configuration TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  requested_at REAL NOT NULL,
  required INTEGER NOT NULL,
  released_at REAL
) WITHOUT ROWID;
CREATE TABLE approval (
  run TEXT NOT NULL REFERENCES request (run) ON DELETE CASCADE,
  approver TEXT NOT NULL,
  approved_at REAL NOT NULL,
  PRIMARY KEY (run, approver)
) WITHOUT ROWID;
CREATE TABLE branch (
  run TEXT NOT NULL PRIMARY KEY REFERENCES request (run) ON DELETE CASCADE,
  source TEXT NOT NULL,
  round INTEGER NOT NULL,
  chain TEXT NOT NULL
) WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('event',2);
CREATE UNIQUE INDEX evaluation_place
  ON evaluation (run_id, round, split, ifnull(site_id, 0));
CREATE INDEX event_run ON event (run);
COMMIT;
