-- Roles of PostgreSQL beside the one that owns the tables and runs the application.
-- Run once as the owner, in the database, and again after each migration:
--   psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f docs/roles.sql
-- (A migration that removes a column which a view shows asks for DROP VIEW closed_roll, released_result,
-- evaluated_contribution first.)
--   CREATE ROLE somebody LOGIN PASSWORD '…' IN ROLE participation_officials;

DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'participation_officials') THEN
        CREATE ROLE participation_officials NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'participation_audit') THEN
        CREATE ROLE participation_audit NOLOGIN;
    END IF;
END $$;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, participation_officials, participation_audit;

-- The views are barriers: no function in somebody's WHERE sees a row that they do not show.
-- A result that is released, and no other.
CREATE OR REPLACE VIEW released_result WITH (security_barrier) AS
    SELECT result.* FROM result JOIN round ON round.id = result.round_id WHERE round.released_at IS NOT NULL;

-- Who took part in a vote that is closed, and nobody else's name: while a vote runs, its roll is nobody's business.
CREATE OR REPLACE VIEW closed_roll WITH (security_barrier) AS
    SELECT roll_entry.question_id, roll_entry.participant_id, roll_entry.took_part_on,
        participant.audience_id, participant.kind, participant.person_id, participant.erased_at
    FROM roll_entry
    JOIN participant ON participant.id = roll_entry.participant_id
    JOIN question ON question.id = roll_entry.question_id
    JOIN contest ON contest.id = question.contest_id
    JOIN "window" ON "window".id = contest.window_id
    WHERE "window".closed_at IS NOT NULL;

-- What was said, but for what moderation ever secured for the police: that lies under seal (docs/threat-model.md).
CREATE OR REPLACE VIEW evaluated_contribution WITH (security_barrier) AS
    SELECT contribution.* FROM contribution
    WHERE NOT EXISTS (
        SELECT FROM "case" JOIN moderation_decision ON moderation_decision.case_id = "case".id
        WHERE "case".contribution_id = contribution.id AND moderation_decision.outcome = 'police'
    );

-- Officials evaluate rounds: what is asked, what was said, what was done with it. Neither ballots nor the roll, no
-- ratings and no sums, no result before its release, no accounts.
GRANT SELECT ON
    office, audience, "window", round, part, subject, subject_part, concept, concept_version, leitthema,
    handlungsfeld_version, kernziel, contest, question, option, evaluated_contribution, notice, "case",
    moderation_decision, early_close, log_leaf, checkpoint, released_result
TO participation_officials;
-- Who did what, without details: between count and release they tell which options are level.
GRANT SELECT (id, at, act, actor_id, office_id, about) ON journal_entry TO participation_officials;

-- The audit office looks at who took part once that is over, never at a ballot, and at the public log.
GRANT SELECT ON
    office, audience, "window", round, part, contest, question, option, closed_roll, journal_entry, log_leaf, checkpoint,
    released_result
TO participation_audit;
