-- What makes ten million events searchable at once. Measured on them, in CPU: each column names the search it serves and
-- what it costs. All of it is computed by the engine from other columns, so that writers know nothing of it.
-- Parts from before this step compute a column when it is read, until the statements at the end, which the engine works
-- off in the background, have written it.

-- A word or phrase without digits: messages differ in ids, so that without their words with a digit they are few and lie
-- in a dictionary. A common word 240 to 80 ms; 0.2 us and half a byte an event. The expression and words.is_wordy
-- mean the same words.
ALTER TABLE events ADD COLUMN IF NOT EXISTS wordy_message LowCardinality(String)
    MATERIALIZED replaceRegexpAll(message, '[\\pL\\pN_]*\\pN[\\pL\\pN_]*', '\0') AFTER message;
ALTER TABLE events ADD COLUMN IF NOT EXISTS wordy_error_message LowCardinality(String)
    MATERIALIZED replaceRegexpAll(own_error_message, '[\\pL\\pN_]*\\pN[\\pL\\pN_]*', '\0') AFTER own_error_message;

-- Full text: all values of the attributes as one text instead of a map of lists, 4800 to 800 ms; those with short
-- columns of their own in the same text instead of one by one, 900 to nothing. What stands between two values is
-- words.JOINER. 61 bytes an event, and 33 with ZSTD, which takes 500 ms more to unpack.
ALTER TABLE events ADD COLUMN IF NOT EXISTS full_text String
    MATERIALIZED arrayStringConcat(arrayFilter(x -> x != '', arrayConcat(arrayFlatten(mapValues(attributes)), [
        toString(error_fingerprint), toString(error_handling), toString(error_source), toString(error_category),
        usr_id, usr_email, usr_name, usr_anonymous_id, session_id, span_id, toString(language),
        if(is_crash, 'true', '')])), '\n\0\n') CODEC(LZ4) AFTER attributes;

-- One attribute: half of its time was spent on unpacking. 12 bytes an event.
ALTER TABLE events MODIFY COLUMN attributes CODEC(LZ4);

-- The same for tags: two of them 880 to 370 ms.
ALTER TABLE events MODIFY COLUMN tags CODEC(LZ4);

-- A rare value of an attribute (an id, a request, an address), of the user, session or trace: what lies together
-- without it is not read. Of ten million events a hundred thousand are left for a request's id; 8 bytes an event.
-- Numbers are indexed in one spelling, since 500 finds 500.0 as well.
ALTER TABLE events ADD INDEX IF NOT EXISTS attribute_words
    arrayMap(x -> if(isNaN(toFloat64OrDefault(x, nan)), x, toString(toFloat64OrDefault(x, nan) + 0)), splitByWhitespace(full_text))
    TYPE bloom_filter(0.01) GRANULARITY 1;
ALTER TABLE events ADD INDEX IF NOT EXISTS usr_id_values usr_id TYPE bloom_filter(0.01) GRANULARITY 1;
ALTER TABLE events ADD INDEX IF NOT EXISTS session_id_values session_id TYPE bloom_filter(0.01) GRANULARITY 1;
ALTER TABLE events ADD INDEX IF NOT EXISTS trace_id_values trace_id TYPE bloom_filter(0.01) GRANULARITY 1;

-- One error by its id, 90 to 20 ms; 1.2 bytes an event.
ALTER TABLE events ADD INDEX IF NOT EXISTS event_ids event_id TYPE bloom_filter(0.01) GRANULARITY 1;

-- Parts with a file a column are read twice as fast as those in one file.
ALTER TABLE events MODIFY SETTING min_bytes_for_wide_part = 33554432;

ALTER TABLE events
    MATERIALIZE COLUMN wordy_message, MATERIALIZE COLUMN wordy_error_message, MATERIALIZE COLUMN full_text,
    MATERIALIZE INDEX attribute_words, MATERIALIZE INDEX usr_id_values, MATERIALIZE INDEX session_id_values,
    MATERIALIZE INDEX trace_id_values, MATERIALIZE INDEX event_ids;
