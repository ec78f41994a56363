//! All paths, and what stands around them.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use tokio::sync::Semaphore;
use tower::Layer;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::auth::guard;
use crate::guards::{request_limits, route};
use crate::parameters::{Known, known_alone};
use crate::problem::Problem;
use crate::proxy::behind_proxies;
use crate::routes::{
    curves, events, export, files, import, ledger, legacy, levels, live, many_samples,
    monitor_log_files, page, plans, recordings, report, review, samples, scaled_distance, sign_in,
    spectrum, status, stream_export, stream_picture, stream_samples, stream_spectrum, streams,
    summaries, trend, unit,
};
use crate::state::State;

/// What the description says of the whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "wavekeep",
        description = "An archive of instrument recordings. Times of events are unit-local: by the unit's own clock, without a zone. Other times are UTC."
    ),
    components(schemas(Problem))
)]
struct Description;

/// The paths with their description.
fn paths() -> (Router<State>, utoipa::openapi::OpenApi) {
    let uploads = OpenApiRouter::new()
        .routes(routes!(import::import))
        .routes(routes!(legacy::import_blastware))
        .routes(routes!(legacy::import_idf));
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(events::list))
        .routes(routes!(events::one))
        .routes(routes!(events::plot))
        .routes(routes!(samples::samples))
        .routes(routes!(spectrum::spectrum))
        .routes(routes!(many_samples::many))
        .routes(routes!(curves::list))
        .routes(routes!(curves::verdict))
        .routes(routes!(levels::list, levels::set))
        .routes(routes!(review::sidecar))
        .routes(routes!(review::review))
        .routes(routes!(review::undo))
        .routes(routes!(review::unit))
        .routes(routes!(review::log))
        .routes(routes!(review::bulk))
        .routes(routes!(review::undo_bulk))
        .routes(routes!(ledger::head))
        .routes(routes!(ledger::list))
        .routes(routes!(ledger::of_event))
        .routes(routes!(ledger::proof))
        .routes(routes!(ledger::forget))
        .routes(routes!(ledger::remove))
        .routes(routes!(files::source))
        .routes(routes!(files::report_text))
        .routes(routes!(files::report_pdf))
        .routes(routes!(files::csv))
        .routes(routes!(export::export))
        .routes(routes!(report::report))
        .routes(routes!(scaled_distance::scaled_distance))
        .routes(routes!(summaries::units))
        .routes(routes!(unit::one))
        .routes(routes!(trend::trend))
        .routes(
            routes!(plans::list, plans::set, plans::remove)
                .layer(DefaultBodyLimit::max(plans::MOST_BYTES)),
        )
        .routes(routes!(plans::picture))
        .routes(routes!(plans::place))
        .routes(routes!(plans::undo))
        .routes(routes!(summaries::projects))
        .routes(routes!(summaries::locations))
        .routes(routes!(summaries::months))
        .routes(routes!(summaries::sessions))
        .routes(routes!(summaries::monitor_log))
        .routes(routes!(monitor_log_files::list))
        .routes(routes!(monitor_log_files::file))
        .routes(routes!(live::live))
        .routes(routes!(streams::list))
        .routes(routes!(streams::one))
        .routes(routes!(stream_samples::samples))
        .routes(routes!(stream_spectrum::spectrum))
        .routes(routes!(stream_picture::picture))
        .routes(routes!(stream_export::export))
        .routes(routes!(streams::overview))
        .routes(routes!(streams::metadata))
        .routes(routes!(recordings::list, recordings::create))
        .routes(routes!(recordings::one, recordings::delete))
        .routes(routes!(recordings::variable, recordings::set))
        .routes(routes!(recordings::command))
        .routes(routes!(recordings::adopt))
        .routes(routes!(legacy::list))
        .routes(routes!(legacy::units))
        .routes(routes!(legacy::sessions))
        .routes(routes!(legacy::monitor_log))
        .routes(routes!(legacy::sidecar, legacy::patch_sidecar))
        .routes(routes!(legacy::false_trigger))
        .routes(routes!(legacy::waveform))
        .routes(routes!(legacy::report_pdf))
        .routes(routes!(legacy::report_text))
        .routes(routes!(legacy::file))
        .routes(routes!(legacy::nth_newest))
        .routes(routes!(status::health))
        .routes(routes!(status::live))
        .routes(routes!(status::metrics))
        .routes(routes!(status::verification))
        .routes(routes!(status::session, status::sign_in, status::sign_out))
        .routes(routes!(sign_in::begin))
        .routes(routes!(sign_in::callback))
        .routes(routes!(sign_in::provider))
        .merge(uploads)
        .split_for_parts()
}

/// The description of the API as OpenAPI.
pub fn openapi() -> utoipa::openapi::OpenApi {
    paths().1
}

/// The whole application, as it is known behind proxies.
pub fn app(state: State) -> Router {
    let inside = inside(state.clone());
    // A path is taken off before a route is looked for.
    let inside = middleware::from_fn_with_state(state, behind_proxies).layer(inside);
    Router::new().fallback_service(inside)
}

fn inside(state: State) -> Router {
    let (router, description) = paths();
    let known = Known::of(&description);
    let at_once = Arc::new(Semaphore::new(state.limits.requests));
    // An upload is bounded by the request, everything else by what a patch may need.
    let bounded =
        DefaultBodyLimit::max(usize::try_from(state.limits.request_bytes).unwrap_or(usize::MAX));
    // Beside the page that shows it, wherever a proxy makes both known.
    let documentation = SwaggerUi::new("/docs")
        .url("/api/v1/openapi.json", description)
        .config(Config::new(["../api/v1/openapi.json"]));
    router
        .layer(bounded)
        .merge(documentation)
        .fallback(page::file)
        .layer(middleware::from_fn_with_state(known, known_alone))
        .layer(middleware::from_fn(route))
        .layer(middleware::from_fn_with_state(state.clone(), guard))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state((state.clone(), at_once), request_limits))
        .with_state(state)
}
