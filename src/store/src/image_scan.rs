//! Scans of images: one row an image, kept as long as the image.

use gantry_model::scan::{ImageScan, ScanStatus};
use gantry_model::{Digest, UnixMillis};

use crate::image::digests_json;
use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "image scan";

/// A scan with what it found. Inventory and findings are JSON of the scanner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanRow {
    pub repository: i64,
    pub digest: Digest,
    pub scan: ImageScan,
    pub inventory: Option<String>,
    pub findings: Option<String>,
    /// The database that the findings are by.
    pub generation: Option<i64>,
}

type Row = (i64, String, String, Option<String>, Option<String>, Option<i64>);

fn read_row((repository, digest, text, inventory, findings, generation): Row) -> Result<ScanRow, StoreError> {
    let digest = Digest::parse(digest).map_err(|source| StoreError::Malformed { what: "digest", source })?;
    Ok(ScanRow { repository, digest, scan: body::decode(WHAT, &text)?, inventory, findings, generation })
}

/// The scan of an image.
///
/// # Errors
/// When it cannot be read.
pub async fn get(conn: &mut Conn, repository: i64, digest: &Digest) -> Result<Option<ScanRow>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT repository, digest, body, inventory, findings, generation FROM image_scan
         WHERE repository = $1 AND digest = $2",
    )
    .bind(repository)
    .bind(digest.as_str())
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read the scan"))?;
    row.map(read_row).transpose()
}

/// The scans of these images, without what they found.
///
/// # Errors
/// When they cannot be read.
pub async fn of_images(
    conn: &mut Conn,
    repository: i64,
    digests: &[Digest],
) -> Result<Vec<(Digest, ImageScan)>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT repository, digest, body, NULL, NULL, generation FROM image_scan
         WHERE repository = $1 AND digest IN (SELECT value FROM json_each($2))",
    )
    .bind(repository)
    .bind(digests_json(digests)?)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the scans"))?;
    rows.into_iter().map(|row| read_row(row).map(|row| (row.digest, row.scan))).collect()
}

/// At most `limit` scans that are to be done: those that were asked for, then those by another database than `generation`.
///
/// # Errors
/// When they cannot be read.
pub async fn to_do(conn: &mut Conn, generation: Option<i64>, limit: i64) -> Result<Vec<ScanRow>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT repository, digest, body, inventory, findings, generation FROM image_scan
         WHERE is_pending = 1 OR (inventory IS NOT NULL AND $1 IS NOT NULL AND generation IS NOT $1)
         ORDER BY is_pending DESC, repository, digest LIMIT $2",
    )
    .bind(generation)
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the scans to do"))?;
    rows.into_iter().map(read_row).collect()
}

/// Writes the scan, new or changed.
///
/// # Errors
/// When the row cannot be written.
pub async fn put(tx: &mut Tx, row: &ScanRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO image_scan (repository, digest, is_pending, generation, body, inventory, findings)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (repository, digest) DO UPDATE SET is_pending = excluded.is_pending,
           generation = excluded.generation, body = excluded.body, inventory = excluded.inventory,
           findings = excluded.findings",
    )
    .bind(row.repository)
    .bind(row.digest.as_str())
    .bind(row.scan.status == ScanStatus::InProgress)
    .bind(row.generation)
    .bind(body::encode(WHAT, &row.scan)?)
    .bind(row.inventory.as_deref())
    .bind(row.findings.as_deref())
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the scan"))?;
    Ok(())
}

/// Asks for a scan of an image that may have been scanned before.
///
/// # Errors
/// When the row cannot be written.
pub async fn request(tx: &mut Tx, repository: i64, digest: &Digest, now: UnixMillis) -> Result<ImageScan, StoreError> {
    let before = get(tx, repository, digest).await?;
    let (inventory, findings) = before.map(|row| (row.inventory, row.findings)).unwrap_or_default();
    let scan = ImageScan::requested(now);
    let row = ScanRow { repository, digest: digest.clone(), scan: scan.clone(), inventory, findings, generation: None };
    put(tx, &row).await?;
    Ok(scan)
}
