//! Parameters of queries: those that a path has are in the description of the interface, and a name
//! that is not there is refused. One that is misspelt must not be taken for "all".

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

use crate::problem::Problem;

/// The names of the parameters by method and path.
#[derive(Debug, Clone, Default)]
pub struct Known(Arc<HashMap<(String, String), Vec<String>>>);

impl Known {
    /// Those that the description names.
    pub fn of(description: &OpenApi) -> Self {
        let mut known = HashMap::new();
        for (path, item) in &description.paths.paths {
            for (method, operation) in operations(item) {
                let parameters = operation.parameters.iter().flatten();
                let parameters = parameters.filter_map(|one| match one {
                    RefOr::T(parameter) => Some(parameter),
                    RefOr::Ref(_) => None,
                });
                let of_query = parameters.filter(|one| one.parameter_in == ParameterIn::Query);
                let names = of_query.map(|one| one.name.clone()).collect();
                known.insert((method.to_owned(), path.clone()), names);
            }
        }
        Self(Arc::new(known))
    }

    /// A parameter of the query that the path does not have, and those that it has.
    fn unknown(&self, method: &str, path: &str, query: &str) -> Option<(String, &[String])> {
        let method = if method == "HEAD" { "GET" } else { method };
        let known = self.0.get(&(method.to_owned(), path.to_owned()))?;
        let names = query.split('&').filter(|part| !part.is_empty()).map(|part| {
            let name = part.split('=').next().unwrap_or_default().replace('+', " ");
            percent_encoding::percent_decode_str(&name).decode_utf8_lossy().into_owned()
        });
        let unknown = names.into_iter().find(|name| !known.contains(name))?;
        Some((unknown, known))
    }
}

fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let all = [
        ("GET", &item.get),
        ("PUT", &item.put),
        ("POST", &item.post),
        ("DELETE", &item.delete),
        ("PATCH", &item.patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// Refuses a parameter that the path does not have. The paths of other programs (`/db`, `/device`) keep
/// their ways.
pub async fn known_alone(
    State(known): State<Known>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let path = matched.as_ref().map_or("", MatchedPath::as_str);
    if path.starts_with("/api/v1/")
        && let Some(query) = request.uri().query()
        && let Some((name, names)) = known.unknown(request.method().as_str(), path, query)
    {
        let names = match names {
            [] => "it has none".to_owned(),
            names => format!("known are {}", names.join(", ")),
        };
        let detail = format!("{name:?} is no parameter of this path: {names}");
        return Problem::unprocessable("query", detail).into_response();
    }
    next.run(request).await
}
