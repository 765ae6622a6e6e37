//! Rows of any table: read in portions along the key, written in portions, and summed up so that two
//! sides can be compared.

use sqlx::{Postgres, QueryBuilder, Row, Sqlite};
use usher_accounts::keys::sha256;

use super::CopyError;
use super::shape::{Kind, Shape};
use super::side::Side;

/// Rows in one portion: with any number of columns fewer values than a statement may take.
const PORTION: usize = 500;

/// What stands in a column. Truth values are integers here, since one of the databases has no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Nothing,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

pub(super) type Values = Vec<Value>;

/// Where the databases differ.
trait Dialect {
    /// Puts texts in the order of their bytes.
    const TEXT_ORDER: &'static str;
    /// Knows truth values.
    const HAS_TRUTH: bool;
}

impl Dialect for Sqlite {
    const TEXT_ORDER: &'static str = "";
    const HAS_TRUTH: bool = false;
}

impl Dialect for Postgres {
    const TEXT_ORDER: &'static str = " COLLATE \"C\"";
    const HAS_TRUTH: bool = true;
}

macro_rules! bind {
    ($list:expr, $value:expr, $kind:expr, $has_truth:expr) => {
        match (&$value, $kind) {
            (Value::Integer(number), Kind::Boolean) if $has_truth => $list.push_bind(*number != 0),
            (Value::Integer(number), _) => $list.push_bind(*number),
            (Value::Text(text), _) => $list.push_bind(text.clone()),
            (Value::Bytes(bytes), _) => $list.push_bind(bytes.clone()),
            (Value::Nothing, Kind::Integer) => $list.push_bind(None::<i64>),
            (Value::Nothing, Kind::Text) => $list.push_bind(None::<String>),
            (Value::Nothing, Kind::Bytes) => $list.push_bind(None::<Vec<u8>>),
            (Value::Nothing, Kind::Boolean) => $list.push_bind(None::<bool>),
        }
    };
}
/// The next rows after a key; none at the end.
pub(super) async fn portion(
    side: &mut Side<'_>,
    shape: &Shape,
    after: Option<&Values>,
) -> Result<Vec<Values>, CopyError> {
    macro_rules! read {
        ($database:ty, $on:expr) => {{
            let order = <$database as Dialect>::TEXT_ORDER;
            let mut query = QueryBuilder::<$database>::new(select(shape));
            if let Some(after) = after {
                query.push(format_args!(" WHERE ({}) > (", key(shape, order)));
                let mut list = query.separated(", ");
                for index in &shape.key {
                    bind!(
                        list,
                        after[*index],
                        shape.columns[*index].kind,
                        <$database as Dialect>::HAS_TRUTH
                    );
                }
                query.push(")");
            }
            query.push(format_args!(" ORDER BY {} LIMIT {PORTION}", key(shape, order)));
            let rows = query.build().fetch_all(&mut **$on).await?;
            rows.iter()
                .map(|row| {
                    let columns = shape.columns.iter().enumerate();
                    columns
                        .map(|(index, column)| {
                            Ok(match column.kind {
                                Kind::Integer => row.try_get::<Option<i64>, _>(index)?.map(Value::Integer),
                                Kind::Text => row.try_get::<Option<String>, _>(index)?.map(Value::Text),
                                Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(index)?.map(Value::Bytes),
                                Kind::Boolean => row
                                    .try_get::<Option<bool>, _>(index)?
                                    .map(|truth| Value::Integer(truth.into())),
                            }
                            .unwrap_or(Value::Nothing))
                        })
                        .collect()
                })
                .collect::<sqlx::Result<Vec<Values>>>()?
        }};
    }
    Ok(match side {
        Side::Sqlite(on) => read!(Sqlite, on),
        Side::Postgres(on) => read!(Postgres, on),
    })
}

/// Writes a portion.
pub(super) async fn insert(side: &mut Side<'_>, shape: &Shape, rows: &[Values]) -> Result<(), CopyError> {
    macro_rules! write {
        ($database:ty, $on:expr) => {{
            let names: Vec<_> = shape.columns.iter().map(|column| quoted(&column.name)).collect();
            let start = format!("INSERT INTO {} ({}) ", quoted(shape.table), names.join(", "));
            let mut query = QueryBuilder::<$database>::new(start);
            query.push_values(rows, |mut list, row| {
                for (value, column) in row.iter().zip(&shape.columns) {
                    bind!(list, *value, column.kind, <$database as Dialect>::HAS_TRUTH);
                }
            });
            query.build().execute(&mut **$on).await?;
        }};
    }
    match side {
        Side::Sqlite(on) => write!(Sqlite, on),
        Side::Postgres(on) => write!(Postgres, on),
    }
    Ok(())
}

/// A sum over rows in their order, the same on both databases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum([u8; 32]);

impl Sum {
    pub(super) fn add(&mut self, rows: &[Values]) {
        for row in rows {
            let mut text = self.0.to_vec();
            for value in row {
                let (mark, bytes) = match value {
                    Value::Nothing => (0, Vec::new()),
                    Value::Integer(number) => (1, number.to_be_bytes().to_vec()),
                    Value::Text(text) => (2, text.as_bytes().to_vec()),
                    Value::Bytes(bytes) => (3, bytes.clone()),
                };
                text.push(mark);
                text.extend((bytes.len() as u64).to_be_bytes());
                text.extend(bytes);
            }
            self.0 = sha256(&text);
        }
    }

    pub(super) const fn bytes(self) -> [u8; 32] {
        self.0
    }
}

fn select(shape: &Shape) -> String {
    let names: Vec<_> = shape.columns.iter().map(|column| quoted(&column.name)).collect();
    format!("SELECT {} FROM {}", names.join(", "), quoted(shape.table))
}

fn key(shape: &Shape, text_order: &str) -> String {
    let parts = shape.key.iter().map(|index| {
        let column = &shape.columns[*index];
        let order = if column.kind == Kind::Text { text_order } else { "" };
        format!("{}{order}", quoted(&column.name))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// A name as it stands in a statement. All come from the schema, none from outside.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
