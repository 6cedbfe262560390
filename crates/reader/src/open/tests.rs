use super::*;

#[test]
fn a_wide_table_gets_more_memory_or_fewer_threads() {
    let megabytes = |memory: u64, columns, threads| {
        let (memory, threads) = streaming(memory << 20, columns, threads);
        (memory >> 20, threads)
    };
    assert_eq!(megabytes(1024, 16, 4), (80, 4));
    assert_eq!(megabytes(1024, 400, 4), (848, 4));
    assert_eq!(megabytes(1024, 1600, 4), (848, 1));
    assert_eq!(megabytes(64, 16, 4), (64, 2));
}
