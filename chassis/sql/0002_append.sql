-- The ways into the log. Run in the service's own schema by its owner.

-- The one way into the log. The lock inside makes commit order the order of positions, so that a reader that
-- asks for `position > last` misses nothing. Arrays are one element an event.
CREATE OR REPLACE FUNCTION append(
    streams uuid[], versions bigint[], topics text[], states bytea[], causes bytea[], leaves bytea[], at timestamptz,
    absorb boolean, for_command uuid, by_actor uuid, with_id uuid, by_follower text, was bigint, becomes bigint
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    placed bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock('log'::regclass::oid::bigint);
    IF by_follower IS NOT NULL THEN
        UPDATE positions SET position = becomes WHERE follower = by_follower AND position = was;
        IF NOT FOUND THEN
            RAISE EXCEPTION '% is no longer at %', by_follower, was USING ERRCODE = 'MD001';
        END IF;
    END IF;
    IF absorb THEN
        WITH rows_placed AS (
            INSERT INTO log AS l (stream, version, topic, state, recorded_at, cause, leaf_hash)
            SELECT e.s, e.v, e.t, e.d, at, e.c, e.h
            FROM unnest(streams, versions, topics, states, causes, leaves) WITH ORDINALITY AS e (s, v, t, d, c, h, n)
            ORDER BY e.n
            ON CONFLICT ON CONSTRAINT log_stream_version DO NOTHING RETURNING l.position
        ) SELECT coalesce(array_agg(p.position ORDER BY p.position), '{}') INTO placed FROM rows_placed p;
    ELSIF cardinality(streams) = 1 THEN -- most appends are one event, and the general way costs a third more
        INSERT INTO log AS l (stream, version, topic, state, recorded_at, cause, leaf_hash)
        VALUES (streams[1], versions[1], topics[1], states[1], at, causes[1], leaves[1])
        RETURNING ARRAY[l.position] INTO placed;
    ELSE
        WITH rows_placed AS (
            INSERT INTO log AS l (stream, version, topic, state, recorded_at, cause, leaf_hash)
            SELECT e.s, e.v, e.t, e.d, at, e.c, e.h
            FROM unnest(streams, versions, topics, states, causes, leaves) WITH ORDINALITY AS e (s, v, t, d, c, h, n)
            ORDER BY e.n
            RETURNING l.position
        ) SELECT coalesce(array_agg(p.position ORDER BY p.position), '{}') INTO placed FROM rows_placed p;
    END IF;
    IF for_command IS NOT NULL THEN
        INSERT INTO answered (command_id, actor, position, id, answered_at)
        VALUES (for_command, by_actor,
                coalesce(placed[cardinality(placed)], (SELECT max(l.position) FROM log l), 0), with_id, at);
    END IF;
    IF cardinality(placed) > 0 THEN
        PERFORM pg_notify(current_schema() || '.log', placed[cardinality(placed)]::text);
    END IF;
    RETURN placed;
END $$;

-- Several commands in one transaction, as if each had called `append`: what is refused is one of them and no other.
-- The first seven arrays are one element an event (in order of the commands), the last four one a command: how many
-- events it has (one or more), and its answer (nulls where it has none). Returns one row a command, in order.
CREATE OR REPLACE FUNCTION append_together(
    streams uuid[], versions bigint[], topics text[], states bytea[], causes bytea[], leaves bytea[], ats timestamptz[],
    sizes bigint[], for_commands uuid[], by_actors uuid[], with_ids uuid[]
) RETURNS TABLE (placed bigint[], refused_by text, why text) LANGUAGE plpgsql AS $$
DECLARE
    all_placed bigint[];
    ends bigint[];
    low bigint := 1;
    high bigint;
BEGIN
    -- outside of the block below: a roll-back to it would let the lock go
    PERFORM pg_advisory_xact_lock('log'::regclass::oid::bigint);
    SELECT array_agg(s.e ORDER BY s.n) INTO ends
    FROM (SELECT z.n, sum(z.size) OVER (ORDER BY z.n)::bigint AS e
          FROM unnest(sizes) WITH ORDINALITY AS z (size, n)) AS s;
    BEGIN
        WITH rows_placed AS (
            INSERT INTO log AS l (stream, version, topic, state, recorded_at, cause, leaf_hash)
            SELECT e.s, e.v, e.t, e.d, e.a, e.c, e.h
            FROM unnest(streams, versions, topics, states, causes, leaves, ats)
                WITH ORDINALITY AS e (s, v, t, d, c, h, a, n)
            ORDER BY e.n
            RETURNING l.position
        ) SELECT coalesce(array_agg(p.position ORDER BY p.position), '{}') INTO all_placed FROM rows_placed p;
        INSERT INTO answered (command_id, actor, position, id, answered_at)
        SELECT c.command, c.actor, all_placed[ends[c.n]], c.id, ats[ends[c.n]]
        FROM unnest(for_commands, by_actors, with_ids) WITH ORDINALITY AS c (command, actor, id, n)
        WHERE c.command IS NOT NULL;
        RETURN QUERY SELECT all_placed[ends[z.n] - z.size + 1 : ends[z.n]], NULL::text, NULL::text
            FROM unnest(sizes) WITH ORDINALITY AS z (size, n) ORDER BY z.n;
    EXCEPTION WHEN unique_violation THEN
        all_placed := '{}';
        FOR i IN 1 .. cardinality(sizes) LOOP
            high := ends[i];
            BEGIN
                placed := append(
                    streams[low:high], versions[low:high], topics[low:high], states[low:high], causes[low:high],
                    leaves[low:high], ats[high], false, for_commands[i], by_actors[i], with_ids[i],
                    NULL, NULL, NULL);
                refused_by := NULL;
                why := NULL;
            EXCEPTION WHEN unique_violation THEN
                GET STACKED DIAGNOSTICS refused_by = CONSTRAINT_NAME, why = PG_EXCEPTION_DETAIL;
                placed := NULL;
            END;
            RETURN NEXT;
            low := high + 1;
        END LOOP;
    END;
    IF cardinality(all_placed) > 0 THEN
        PERFORM pg_notify(current_schema() || '.log', all_placed[cardinality(all_placed)]::text);
    END IF;
END $$;
