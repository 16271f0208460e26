BEGIN TRANSACTION;
CREATE TABLE audit (
	number INTEGER NOT NULL, 
	item_id INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	person TEXT NOT NULL, 
	action TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "audit" VALUES(1,1,'2026-11-28T14:45:59+00:00','佐藤','decide','{"confirmed_at": "", "confirmed_by": "", "decided_at": "2026-01-05", "decided_by": "佐藤", "evidence": "戸籍簿", "glyph": "MJ026191", "kind": "字形一致", "note": "", "repertoire": "x", "state": "proposed", "text": ""}','','92016c3d48d6fc26ffeb413d02f908ff92126c5983503efecd44c1d5b984d54d');
INSERT INTO "audit" VALUES(2,1,'2026-11-28T14:45:59+00:00','鈴木','confirm','{"state": "confirmed"}','92016c3d48d6fc26ffeb413d02f908ff92126c5983503efecd44c1d5b984d54d','7882de7b266854a1be73e77d660da73b009d96677aafd0ef54a382404aeafbfa');
INSERT INTO "audit" VALUES(3,2,'2026-11-28T14:45:59+00:00','佐藤','defer','{"note": "後で", "state": "deferred"}','7882de7b266854a1be73e77d660da73b009d96677aafd0ef54a382404aeafbfa','0ed5612bd28400ff9cd85dff42bffe6e2dafbed94b3bbb72031f0872ad9ef778');
INSERT INTO "audit" VALUES(4,3,'2026-11-28T14:45:59+00:00','佐藤','answer','{"answer": "restored", "evidence": "戸籍簿", "new": "髙", "note": "", "place": 1, "state": "open"}','0ed5612bd28400ff9cd85dff42bffe6e2dafbed94b3bbb72031f0872ad9ef778','29be58ed77c02c454c9cc13df8da849187ebdeeb106e50d83b7e46362bd32032');
CREATE TABLE decision (
	item_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	glyph TEXT NOT NULL, 
	text TEXT NOT NULL, 
	evidence TEXT NOT NULL, 
	note TEXT NOT NULL, 
	decided_by TEXT NOT NULL, 
	decided_at TEXT NOT NULL, 
	repertoire TEXT NOT NULL, 
	confirmed_by TEXT NOT NULL, 
	confirmed_at TEXT NOT NULL, 
	PRIMARY KEY (item_id), 
	FOREIGN KEY(item_id) REFERENCES item (id)
);
INSERT INTO "decision" VALUES(1,'字形一致','MJ026191','','戸籍簿','','佐藤','2026-01-05','x','鈴木','2026-11-28T14:45:59+00:00');
CREATE TABLE item (
	id INTEGER NOT NULL, 
	system VARCHAR(32) NOT NULL, 
	code VARCHAR(32) NOT NULL, 
	site VARCHAR(128) NOT NULL, 
	gaiji_set VARCHAR(128) DEFAULT '' NOT NULL, 
	reason VARCHAR(32) NOT NULL, 
	candidates TEXT NOT NULL, 
	basis VARCHAR(64) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	version INTEGER NOT NULL, 
	verdict VARCHAR(24) NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT item_is_one UNIQUE (system, code, site, gaiji_set, reason)
);
INSERT INTO "item" VALUES(1,'JEF','80A1','見本市','住記','unmapped-gaiji','','','confirmed',2,'');
INSERT INTO "item" VALUES(2,'JEF','80A2','見本市','住記','unmapped-gaiji','','','deferred',1,'');
INSERT INTO "item" VALUES(3,'JEF','FFFF','見本市','住記','already-lost','','','open',0,'');
CREATE TABLE meta (
	"key" VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('schema','3');
INSERT INTO "meta" VALUES('audit-head','29be58ed77c02c454c9cc13df8da849187ebdeeb106e50d83b7e46362bd32032');
CREATE TABLE picture (
	item_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	ink BLOB NOT NULL, 
	PRIMARY KEY (item_id, number), 
	FOREIGN KEY(item_id) REFERENCES item (id)
);
CREATE TABLE place (
	id INTEGER NOT NULL, 
	item_id INTEGER NOT NULL, 
	source VARCHAR(512) NOT NULL, 
	record BIGINT NOT NULL, 
	"key" VARCHAR(256) NOT NULL, 
	record_key VARCHAR(256) NOT NULL, 
	field VARCHAR(256) NOT NULL, 
	position INTEGER NOT NULL, 
	old TEXT NOT NULL, 
	text TEXT NOT NULL, 
	answer TEXT DEFAULT '' NOT NULL, 
	new TEXT DEFAULT '' NOT NULL, 
	evidence TEXT DEFAULT '' NOT NULL, 
	note TEXT DEFAULT '' NOT NULL, 
	person TEXT DEFAULT '' NOT NULL, 
	at TEXT DEFAULT '' NOT NULL, 
	confirmed_by TEXT DEFAULT '' NOT NULL, 
	stands INTEGER DEFAULT '0' NOT NULL, 
	version INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(item_id) REFERENCES item (id)
);
INSERT INTO "place" VALUES(1,3,'c95cbd6938335765aa16c85ce9fd92156ec9c62eb571c4a23cd7ac0d3f2b4eaf',3,'番号','9','氏名',0,'◎','【◎】田','restored','髙','戸籍簿','','佐藤','2026-11-28T14:45:59+00:00','',0,1);
CREATE TABLE proposal (
	item_id INTEGER NOT NULL, 
	source VARCHAR(16) NOT NULL, 
	origin VARCHAR(512) DEFAULT '' NOT NULL, 
	glyph VARCHAR(16) NOT NULL, 
	score FLOAT NOT NULL, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (item_id, source, origin, glyph), 
	FOREIGN KEY(item_id) REFERENCES item (id)
);
INSERT INTO "proposal" VALUES(1,'dump','c95cbd6938335765aa16c85ce9fd92156ec9c62eb571c4a23cd7ac0d3f2b4eaf','MJ026191',0.9,'例');
CREATE TABLE sample (
	item_id INTEGER NOT NULL, 
	source VARCHAR(512) NOT NULL, 
	number INTEGER NOT NULL, 
	record BIGINT NOT NULL, 
	record_key VARCHAR(256) NOT NULL, 
	field VARCHAR(256) NOT NULL, 
	position INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (item_id, source, number), 
	FOREIGN KEY(item_id) REFERENCES item (id)
);
INSERT INTO "sample" VALUES(1,'c95cbd6938335765aa16c85ce9fd92156ec9c62eb571c4a23cd7ac0d3f2b4eaf',0,1,'7','氏名',1,'渡【〓】');
INSERT INTO "sample" VALUES(2,'c95cbd6938335765aa16c85ce9fd92156ec9c62eb571c4a23cd7ac0d3f2b4eaf',0,2,'8','氏名',1,'高【〓】');
INSERT INTO "sample" VALUES(3,'c95cbd6938335765aa16c85ce9fd92156ec9c62eb571c4a23cd7ac0d3f2b4eaf',0,3,'9','氏名',0,'【◎】田');
CREATE TABLE source (
	id VARCHAR(512) NOT NULL, 
	site VARCHAR(128) NOT NULL, 
	gaiji_set VARCHAR(128) NOT NULL, 
	job TEXT NOT NULL, 
	input TEXT NOT NULL, 
	output TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "source" VALUES('c95cbd6938335765aa16c85ce9fd92156ec9c62eb571c4a23cd7ac0d3f2b4eaf','見本市','住記','juki.toml','juki.dat','out/juki.csv','abababababababababababababababababababababababababababababababab');
CREATE TABLE standing (
	item_id INTEGER NOT NULL, 
	source VARCHAR(512) NOT NULL, 
	basis VARCHAR(64) NOT NULL, 
	candidates TEXT NOT NULL, 
	PRIMARY KEY (item_id, source), 
	FOREIGN KEY(item_id) REFERENCES item (id)
);
INSERT INTO "standing" VALUES(1,'c95cbd6938335765aa16c85ce9fd92156ec9c62eb571c4a23cd7ac0d3f2b4eaf','','');
INSERT INTO "standing" VALUES(2,'c95cbd6938335765aa16c85ce9fd92156ec9c62eb571c4a23cd7ac0d3f2b4eaf','','');
INSERT INTO "standing" VALUES(3,'c95cbd6938335765aa16c85ce9fd92156ec9c62eb571c4a23cd7ac0d3f2b4eaf','','');
CREATE TABLE usage (
	item_id INTEGER NOT NULL, 
	source VARCHAR(512) NOT NULL, 
	field VARCHAR(256) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	count BIGINT NOT NULL, 
	records BIGINT NOT NULL, 
	PRIMARY KEY (item_id, source, field), 
	FOREIGN KEY(item_id) REFERENCES item (id)
);
INSERT INTO "usage" VALUES(1,'c95cbd6938335765aa16c85ce9fd92156ec9c62eb571c4a23cd7ac0d3f2b4eaf','氏名','name',3,3);
INSERT INTO "usage" VALUES(2,'c95cbd6938335765aa16c85ce9fd92156ec9c62eb571c4a23cd7ac0d3f2b4eaf','氏名','name',2,2);
INSERT INTO "usage" VALUES(3,'c95cbd6938335765aa16c85ce9fd92156ec9c62eb571c4a23cd7ac0d3f2b4eaf','氏名','name',1,1);
CREATE INDEX ix_picture_digest ON picture (digest);
CREATE INDEX ix_place_item_id ON place (item_id);
COMMIT;
