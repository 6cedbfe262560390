//! DuckDB's settings.

use migrator_model::protocol::{Open, SourceKind};

/// DuckDB's memory limit while it only streams base tables, apart from what their columns need: it
/// would fill whatever it may with cached blocks that nobody reads twice.
pub const STREAMING_MEMORY: u64 = 48 << 20;

/// Those that are in force before anything is opened.
pub fn before_open(open: &Open) -> Vec<(&'static str, String)> {
    let text = str::to_owned;
    let memory = match open.kind {
        SourceKind::Database => open.memory_bytes.min(STREAMING_MEMORY),
        // A look at the first rows of a packed text takes more already.
        _ => open.memory_bytes,
    };
    vec![
        // More are started for a scan.
        ("threads", text("1")),
        ("async_threads", text("0")),
        ("memory_limit", format!("{memory}B")),
        ("temp_directory", open.temp_directory.clone()),
        ("autoinstall_known_extensions", text("false")),
        ("autoload_known_extensions", text("false")),
        ("allow_community_extensions", text("false")),
        ("allow_unsigned_extensions", text("false")),
        ("allow_persistent_secrets", text("false")),
    ]
}

/// What is set once the source is open: DuckDB forgets the limit of its temporary folder while it
/// opens.
pub fn after_open(open: &Open) -> Vec<String> {
    let mut statements = vec!["SET max_streaming_buffer_size = '4MB'".to_owned()];
    if let Some(bytes) = open.temp_bytes {
        statements.push(format!("SET max_temp_directory_size = '{bytes}B'"));
    }
    statements
}
