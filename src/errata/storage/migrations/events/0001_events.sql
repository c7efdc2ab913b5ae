-- One row an error. Rows name fingerprints, never issues: what an issue is, the state knows.
-- Sorted so that the rows of one fingerprint lie together: stacks and payloads then compress fifty-fold, and the
-- latest events of an issue are one short range a day. A week is a partition, so that retention drops folders.
CREATE TABLE IF NOT EXISTS events
(
    batch UInt64 CODEC(Delta, ZSTD(1)),
    node UUID CODEC(ZSTD(1)),
    position UInt64 CODEC(Delta, ZSTD(1)),
    entry UInt32 CODEC(T64, ZSTD(1)),
    event_id UUID CODEC(NONE),
    timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    time_clamped Bool,
    fingerprint UUID CODEC(ZSTD(1)),
    grouping_version UInt8,
    track LowCardinality(String),
    intake LowCardinality(String),
    status LowCardinality(String),
    platform LowCardinality(String),
    language LowCardinality(String),
    service LowCardinality(String),
    env LowCardinality(String),
    version LowCardinality(String),
    host LowCardinality(String),
    source LowCardinality(String),
    -- Every search by words reads it, and LZ4 twice as fast: four bytes an event for a tenth of the time.
    message String CODEC(LZ4),
    error_type LowCardinality(String),
    -- Most errors say it once: nothing is stored, and searched, where it is the message.
    own_error_message String CODEC(LZ4),
    has_own_error_message Bool,
    error_message String ALIAS if(has_own_error_message, own_error_message, message),
    -- A stack's text with a NUL for each place that prints the message, if there is one: else every row had a text of its
    -- own. Of such templates there are few, so that words are looked for in a dictionary and not in two kilobytes a row.
    stack_template LowCardinality(String),
    stack_holds_message Bool,
    error_stack String ALIAS if(stack_holds_message, replaceAll(toString(stack_template), '\0', error_message), toString(stack_template)),
    error_fingerprint String CODEC(ZSTD(1)),
    error_handling LowCardinality(String),
    error_source LowCardinality(String),
    error_category LowCardinality(String),
    is_crash Bool,
    has_in_app Bool,
    file_path LowCardinality(String),
    function_name LowCardinality(String),
    usr_id String CODEC(ZSTD(1)),
    usr_email String CODEC(ZSTD(1)),
    usr_name String CODEC(ZSTD(1)),
    usr_anonymous_id String CODEC(ZSTD(1)),
    usr_key UInt64 CODEC(LZ4),
    session_id String CODEC(ZSTD(1)),
    session_key UInt64 CODEC(LZ4),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    team Array(LowCardinality(String)),
    tags Array(String) CODEC(ZSTD(1)),
    attributes Map(LowCardinality(String), Array(String)) CODEC(ZSTD(1)),
    payload String CODEC(ZSTD(1)),
    -- Batch numbers rise with time, so a fresh one is in the newest parts only and the others are skipped unread.
    INDEX batch_range batch TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toMonday(timestamp)
ORDER BY (track, toStartOfDay(timestamp), fingerprint, timestamp)
SETTINGS
    -- A batch is repeated with its number as token until its insert was answered; the window is in blocks, one a week touched.
    non_replicated_deduplication_window = 1000,
    -- An answered insert is on disk, and so is what a merge has put in its place before its parts are dropped.
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1,
    old_parts_lifetime = 60,
    -- A fresh batch is one data file instead of a hundred: a fifth less CPU an insert, and as many fewer syncs.
    min_bytes_for_wide_part = 134217728,
    -- Attributes lie in some dozen buckets by key, so that a search by one reads a twelfth of them: measured five times
    -- quicker for 5 us a row and merge. Servers that know no buckets keep the map in one piece.
    map_serialization_version = 'with_buckets', -- optional
    map_buckets_min_avg_size = 0, -- optional
    map_buckets_coefficient = 3, -- optional
    -- A merge opens hundreds of streams; without this each begins with two megabytes.
    min_columns_to_activate_adaptive_write_buffer = 1, -- optional
    index_granularity = 8192;
