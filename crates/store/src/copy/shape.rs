//! What the tables look like on each side: their columns, in an order both agree on, and their key.

use super::CopyError;
use super::side::Side;
use super::tables::{TABLES, copied};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Text,
    Bytes,
    /// An integer where the database has no truth values.
    Boolean,
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    is_key: bool,
}

/// A table.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) table: &'static str,
    /// By name, so that both databases list them alike.
    pub(super) columns: Vec<Column>,
    /// Where in `columns` the key is.
    pub(super) key: Vec<usize>,
}

#[derive(sqlx::FromRow)]
struct Row {
    table_name: String,
    column_name: String,
    type_name: String,
    in_key: i64,
}

const SQLITE: &str = "SELECT t.name AS table_name, c.name AS column_name, c.type AS type_name, c.pk AS in_key
    FROM sqlite_schema t JOIN pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND t.name NOT LIKE 'archive%'";

const POSTGRES: &str = "SELECT CAST(c.table_name AS TEXT) AS table_name, CAST(c.column_name AS TEXT) AS column_name,
    CAST(c.data_type AS TEXT) AS type_name, CAST(count(k.column_name) AS BIGINT) AS in_key
    FROM information_schema.columns c
    LEFT JOIN information_schema.table_constraints p ON p.table_schema = c.table_schema
        AND p.table_name = c.table_name AND p.constraint_type = 'PRIMARY KEY'
    LEFT JOIN information_schema.key_column_usage k ON k.constraint_schema = p.constraint_schema
        AND k.constraint_name = p.constraint_name AND k.table_name = c.table_name AND k.column_name = c.column_name
    WHERE c.table_schema = current_schema() GROUP BY c.table_name, c.column_name, c.data_type";

/// The tables whose rows are copied, as they are on this side. An older schema has fewer.
pub(super) async fn shapes(side: &mut Side<'_>) -> Result<Vec<Shape>, CopyError> {
    let rows: Vec<Row> = match side {
        Side::Sqlite(on) => sqlx::query_as(SQLITE).fetch_all(&mut **on).await?,
        Side::Postgres(on) => sqlx::query_as(POSTGRES).fetch_all(&mut **on).await?,
    };
    for row in &rows {
        if !TABLES.iter().any(|(name, _)| *name == row.table_name) {
            return Err(CopyError::Schema(format!(
                "this program does not know the table {}; use a newer one",
                row.table_name
            )));
        }
    }
    let mut shapes = Vec::new();
    for table in copied() {
        let mut columns = Vec::new();
        for row in rows.iter().filter(|row| row.table_name == table) {
            columns.push(Column {
                name: row.column_name.clone(),
                kind: kind(row)?,
                is_key: row.in_key > 0,
            });
        }
        if columns.is_empty() {
            continue;
        }
        columns.sort_by(|one, other| one.name.cmp(&other.name));
        let key: Vec<usize> = (0..columns.len())
            .filter(|index| columns[*index].is_key)
            .collect();
        if key.is_empty() {
            return Err(CopyError::Schema(format!("the table {table} has no key")));
        }
        shapes.push(Shape { table, columns, key });
    }
    Ok(shapes)
}

/// Both sides have the same tables with the same columns.
pub(super) fn fit(one: &[Shape], other: &[Shape]) -> Result<(), CopyError> {
    let names = |shapes: &[Shape]| -> Vec<(&'static str, String)> {
        let all = shapes.iter().flat_map(|shape| {
            shape
                .columns
                .iter()
                .map(|column| (shape.table, column.name.clone()))
        });
        all.collect()
    };
    if names(one) == names(other) {
        return Ok(());
    }
    Err(CopyError::Schema(
        "the two databases have different schemas; bring both up to date with usher migrate".to_owned(),
    ))
}

fn kind(row: &Row) -> Result<Kind, CopyError> {
    match row.type_name.to_ascii_lowercase().as_str() {
        "integer" | "bigint" => Ok(Kind::Integer),
        "text" => Ok(Kind::Text),
        "blob" | "bytea" => Ok(Kind::Bytes),
        "boolean" => Ok(Kind::Boolean),
        other => Err(CopyError::Schema(format!(
            "the column {}.{} has the type {other}, which is not copied",
            row.table_name, row.column_name
        ))),
    }
}
