//! `generate FILE [ROWS]` writes an export, `import FILE [THREADS]` reads it and prints what it took as JSON.
//! `run.py` beside this file does both and compares with DuckDB; it says how in its head.

mod generate;

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use gpucost::exports::{ExportError, Reading, UsageRecord, read_focus};
use gpucost::money::Usd;
use rust_decimal::Decimal;

fn import(path: &Path, threads: Option<usize>) -> Result<(), ExportError> {
    let began = Instant::now();
    let (mut quantity, mut billed) = (Decimal::ZERO, Usd::ZERO);
    let mut reading = Reading::default();
    if let Some(threads) = threads {
        reading = reading.threads(threads);
    }
    let summary = read_focus::<ExportError>(path, reading, |record: UsageRecord| {
        quantity += record.quantity;
        billed += record.billed_cost;
        Ok(())
    })?;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{{\"rows\": {}, \"records\": {}, \"bytes\": {}, \"quantity\": \"{}\", \"billed\": \"{}\", \"seconds\": {seconds:.3}}}",
        summary.rows,
        summary.records,
        summary.bytes,
        quantity.normalize(),
        billed.exact(),
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `cargo bench` passes a flag of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["generate", path] => generate::write(File::create(path)?, 5_000_000)?,
        ["generate", path, rows] => generate::write(File::create(path)?, rows.parse()?)?,
        ["import", path] => import(Path::new(path), None)?,
        ["import", path, threads] => import(Path::new(path), Some(threads.parse()?))?,
        _ => println!("generate FILE [ROWS] | import FILE [THREADS]; see benches/focus_import/run.py"),
    }
    Ok(())
}
