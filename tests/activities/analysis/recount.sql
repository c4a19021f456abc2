-- A report's figures once more, in plain SQL over the record: what each of them is made of.
-- `asked` holds the period: its first moment, and the first that is not in it any more (UTC, as SQLite keeps it).

-- What had happened by then; and the end itself, as a last entry of every case.
CREATE TEMP VIEW known AS
SELECT t.number, t.sequence, t.at, t.kind, t.detail, t.by FROM timeline AS t, asked WHERE t.at < ends
UNION ALL
SELECT t.number, 1000000, ends, 'end', '{}', 'system' FROM timeline AS t, asked WHERE t.kind = 'created' AND t.at < ends;

-- Every entry, with where its case stood just before. Classifying gives a case type and priority, dispatching and
-- handing over department and owner, reopening priority and owner. A `cycle` of handling begins with receipt or
-- reopening, at `begun`.
CREATE TEMP TABLE entry AS
SELECT e.*, r.channel, coalesce(r.form ->> 'product', 'none') AS product,
    (SELECT k.detail ->> '$.after.type' FROM known AS k
        WHERE k.number = e.number AND k.sequence < e.sequence AND k.kind = 'classified'
        ORDER BY k.sequence DESC LIMIT 1) AS type,
    (SELECT k.detail ->> '$.after.subtype' FROM known AS k
        WHERE k.number = e.number AND k.sequence < e.sequence AND k.kind = 'classified'
        ORDER BY k.sequence DESC LIMIT 1) AS subtype,
    (SELECT coalesce(k.detail ->> '$.after.priority', k.detail ->> 'priority') FROM known AS k
        WHERE k.number = e.number AND k.sequence < e.sequence AND k.kind IN ('classified', 'reopened')
        ORDER BY k.sequence DESC LIMIT 1) AS priority,
    coalesce((SELECT k.detail ->> 'department' FROM known AS k
        WHERE k.number = e.number AND k.sequence < e.sequence AND k.kind IN ('dispatched', 'handed_over')
            AND k.detail ->> 'department' IS NOT NULL
        ORDER BY k.sequence DESC LIMIT 1), 'none') AS department,
    coalesce((SELECT coalesce(k.detail ->> 'owner', k.detail ->> 'to') FROM known AS k
        WHERE k.number = e.number AND k.sequence < e.sequence AND k.kind IN ('dispatched', 'handed_over', 'reopened')
        ORDER BY k.sequence DESC LIMIT 1), 'none') AS owner,
    (SELECT max(k.sequence) FROM known AS k
        WHERE k.number = e.number AND k.sequence < e.sequence AND k.kind IN ('created', 'reopened')) AS cycle,
    (SELECT max(k.at) FROM known AS k
        WHERE k.number = e.number AND k.sequence < e.sequence AND k.kind IN ('created', 'reopened')) AS begun
FROM known AS e JOIN registration AS r ON r.number = e.number;
CREATE INDEX temp.entry_of_case ON entry (number, sequence);

-- What happened in the period itself.
CREATE TEMP VIEW happened AS
SELECT entry.* FROM entry, asked WHERE at >= begins AND kind <> 'end';

-- Where each case stood at the end of the period, and the cases among them that were received in it, or are open.
CREATE TEMP TABLE standing AS
SELECT e.*, c.at AS received_at, (
    SELECT k.kind = 'closed' FROM entry AS k
    WHERE k.number = e.number AND k.kind IN ('closed', 'reopened') ORDER BY k.sequence DESC LIMIT 1) AS closed
FROM entry AS e JOIN entry AS c ON c.number = e.number AND c.kind = 'created' WHERE e.kind = 'end';
CREATE TEMP VIEW received AS SELECT standing.* FROM standing, asked WHERE received_at >= begins;
CREATE TEMP VIEW open AS SELECT * FROM standing WHERE closed IS NOT TRUE;

-- The first answer, the first solution, and the first time a promise lapsed, of each cycle.
CREATE TEMP TABLE first AS
SELECT clock, kept, number, cycle, min(sequence) AS sequence FROM (
    SELECT 'response' AS clock, 1 AS kept, number, cycle, sequence FROM entry WHERE kind IN ('replied', 'resolved')
    UNION ALL
    SELECT 'resolution', 1, number, cycle, sequence FROM entry WHERE kind = 'resolved'
    UNION ALL
    SELECT detail ->> 'clock', 0, number, cycle, sequence FROM entry
    WHERE kind = 'lapsed' AND detail ->> 'clock' IN ('response', 'resolution')
) GROUP BY clock, kept, number, cycle;

-- A promise is kept by an answer before which it had not lapsed, and missed when it lapses.
CREATE TEMP TABLE promise AS
SELECT f.clock, f.kept, h.* FROM first AS f JOIN happened AS h ON h.number = f.number AND h.sequence = f.sequence
WHERE NOT (f.kept AND EXISTS (
    SELECT 1 FROM first AS late WHERE late.clock = f.clock AND late.number = f.number AND late.cycle = f.cycle
        AND NOT late.kept AND late.sequence < f.sequence));

-- How long customers waited: for an answer and a solution since the cycle began, for the end since receipt.
CREATE TEMP TABLE wait AS
SELECT f.clock AS span, (julianday(h.at) - julianday(h.begun)) * 86400 AS seconds, h.*
FROM first AS f JOIN happened AS h ON h.number = f.number AND h.sequence = f.sequence WHERE f.kept
UNION ALL
SELECT 'closing', (julianday(h.at) - julianday(s.received_at)) * 86400, h.*
FROM happened AS h JOIN standing AS s ON s.number = h.number WHERE h.kind = 'closed';

-- Verdicts from 5 to 1, and whether they are one of the two best.
CREATE TEMP VIEW rating AS
SELECT CASE detail ->> 'score' WHEN 'very_satisfied' THEN 5 WHEN 'satisfied' THEN 4 WHEN 'neutral' THEN 3
        WHEN 'dissatisfied' THEN 2 WHEN 'very_dissatisfied' THEN 1 END AS mark,
    detail ->> 'score' IN ('very_satisfied', 'satisfied') AS good, detail ->> 'score' AS score, *
FROM happened WHERE kind = 'rated';
