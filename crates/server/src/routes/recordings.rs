//! Recordings that the server runs, with the DataWriter's control surface.

use axum::Extension;
use axum::extract::State as Shared;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::review::who;
use crate::auth::Caller;
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::recordings::{FOLDER, RecordingForm, Running, SourceForm};
use crate::state::State;

/// The recordings, the oldest first.
#[utoipa::path(get, path = "/api/v1/recordings", tag = "recordings",
    responses((status = 200, description = "The recordings", body = Vec<Object>),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn list(Shared(state): Shared<State>) -> Result<Response, Problem> {
    let mut all = Vec::new();
    for id in state.recordings.numbers() {
        // One that goes meanwhile is not listed.
        let Ok(handle) = state.recordings.get(id) else { continue };
        if let Ok(status) = handle.ask(|running| Ok(running.status())).await {
            all.push(status);
        }
    }
    super::json(&all)
}

/// Makes a recording and, unless `open` is false, opens it. Files are made in the folder
/// `recordings` of the archive or in folders below it. A bridge is one of those that the server was
/// started with. It ends with its source, after `frames` or `seconds`, by `Close`,
/// by a fault, or with the server; its file then ends with a whole record and is synced.
#[utoipa::path(post, path = "/api/v1/recordings", tag = "recordings", request_body = RecordingForm,
    responses((status = 201, description = "The recording", body = Object),
        (status = "4XX", description = "Refused; nothing is recorded", body = Problem, content_type = "application/problem+json"),
        (status = 507, description = "The file cannot be made", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    Shared(state): Shared<State>,
    Json(form): Json<RecordingForm>,
) -> Result<Response, Problem> {
    let config = form.config()?;
    let pieces = match &form.source {
        SourceForm::Emulator(_) => Vec::new(),
        SourceForm::Bridge(bridge) => state.bridges.options(bridge).map(|_| Vec::new())?,
        SourceForm::Run { id } => {
            let id = *id;
            let run = state.work(move |state| state.run(id)).await?;
            run.run.pieces().into_iter().map(std::path::Path::to_path_buf).collect()
        }
    };
    let made = state.clone();
    let (variables, open) = (form.variables.clone(), form.open);
    let begun = state
        .recordings
        .begin(state.limits.recordings, move |id| Running::new(id, made, &form, config, pieces));
    let (id, handle) = begun?;
    let opened = handle.ask(move |running| {
        if !variables.contains_key("DataFile") {
            running.command("AutoName")?;
        }
        for (name, value) in &variables {
            running.set(name, value)?;
        }
        if open {
            running.command("Open")?;
        }
        Ok(running.status())
    });
    match opened.await {
        Ok(status) => {
            let mut response = super::json(&status)?;
            *response.status_mut() = StatusCode::CREATED;
            if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/recordings/{id}")) {
                response.headers_mut().insert(LOCATION, place);
            }
            Ok(response)
        }
        Err(problem) => {
            state.end_recording(id).await?;
            Err(problem)
        }
    }
}

macro_rules! asks {
    ($($(#[$doc:meta])* $name:ident $method:ident $path:literal, [$($param:tt)*], [$($body:tt)*], ($id:ident: u64 $(, $key:ident: $key_type:ty)*),
        $($form:ident: $form_type:ty,)? |$running:ident| $work:expr;)*) => {$(
        $(#[$doc])*
        #[utoipa::path($method, path = $path, tag = "recordings",
            params(("id" = u64, Path, description = "The recording's number"), $($param)*), $($body)*
            responses((status = 200, description = "Done", body = Object),
                (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
                (status = 507, description = "The file system refused", body = Problem, content_type = "application/problem+json")))]
        pub async fn $name(
            Shared(state): Shared<State>,
            Path(($id, $($key,)*)): Path<(u64, $($key_type,)*)>,
            $(Json($form): Json<$form_type>,)?
        ) -> Result<Response, Problem> {
            let handle = state.recordings.get($id)?;
            super::json(&handle.ask(move |$running| $work).await?)
        }
    )*};
}

asks! {
    /// A recording: its source, its variables, since when, why it ended, its fault.
    one get "/api/v1/recordings/{id}", [], [], (id: u64), |running| Ok(running.status());
    /// A variable of the DataWriter: `DataFile`, `IsOpen`, `BufferSize`, `MaxFileSize`,
    /// `CurrentSize`, `TotalSize`, `FrameCount`, `Bandwidth`, `DropErrors`, `RawMode`.
    variable get "/api/v1/recordings/{id}/variables/{name}", [("name" = String, Path, description = "Its name")], [],
        (id: u64, name: String), |running| running.variable(&name);
    /// Sets a variable of the DataWriter. `DataFile` is a name, with folders (`night/run.dat`) or
    /// without.
    set put "/api/v1/recordings/{id}/variables/{name}", [("name" = String, Path, description = "Its name")], [request_body = VariableForm,],
        (id: u64, name: String), form: VariableForm, |running| {
            running.set(&name, &form.value)?;
            running.variable(&name)
        };
    /// Runs a command of the DataWriter: `Open`, `Close`, `AutoName`. `Close` after a fault answers
    /// with the fault.
    command post "/api/v1/recordings/{id}/commands/{name}", [("name" = String, Path, description = "Its name")], [],
        (id: u64, name: String), |running| {
            running.command(&name)?;
            Ok(running.status())
        };
}

/// The value of a variable.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariableForm {
    /// A text, a number or a flag, as the variable is.
    #[schema(value_type = Object)]
    pub value: Value,
}

/// Closes a recording and takes it off the list. Its file stays.
#[utoipa::path(delete, path = "/api/v1/recordings/{id}", tag = "recordings", params(("id" = u64, Path, description = "The recording's number")),
    responses((status = 204, description = "Done"),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn delete(
    Shared(state): Shared<State>,
    Path((id,)): Path<(u64,)>,
) -> Result<Response, Problem> {
    state.end_recording(id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Under which name the archive takes a recording in.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdoptForm {
    /// The stream's name; without it, `recordings`.
    pub stream_id: Option<String>,
}

/// Takes a closed recording into the archive as a stream, where it is.
#[utoipa::path(post, path = "/api/v1/recordings/{id}/adopt", tag = "recordings", params(("id" = u64, Path, description = "The recording's number")),
    request_body = AdoptForm,
    responses((status = 200, description = "What was recorded of it; `id` is the stream's number", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn adopt(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Path((id,)): Path<(u64,)>,
    Json(form): Json<AdoptForm>,
) -> Result<Response, Problem> {
    let handle = state.recordings.get(id)?;
    let path = handle.ask(|running| running.recorded()).await?;
    let who = who(&state, &caller);
    let adopted = state
        .write(move |state| {
            let stream_id = form.stream_id.as_deref().unwrap_or(FOLDER);
            refuse_another(state, stream_id, &path)?;
            Ok(state.archive.adopt_as(stream_id, &path, who)?)
        })
        .await?;
    let event = adopted.id;
    handle
        .ask(move |running| {
            running.adopted(event);
            Ok(())
        })
        .await?;
    super::json(&json!(adopted))
}

/// Refuses to put a run in the place of one that has its name in another folder.
fn refuse_another(state: &State, stream_id: &str, path: &std::path::Path) -> Result<(), Problem> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(there) = state.archive.find(stream_id, &name)? else { return Ok(()) };
    let folder = |path: &std::path::Path| path.parent().and_then(|path| path.canonicalize().ok());
    let pieces = state.archive.stream_pieces(there.id)?;
    match pieces.first().is_none_or(|piece| folder(piece) == folder(path)) {
        true => Ok(()),
        false => {
            let detail = format!(
                "{stream_id} has another run that is called {name}: choose another stream_id"
            );
            Err(Problem::conflict("exists", detail))
        }
    }
}
