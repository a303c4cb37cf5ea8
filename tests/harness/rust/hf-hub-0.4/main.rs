//! hf-hub 0.4 as candle and others use it: HF_ENDPOINT, HF_HOME and HF_TOKEN say where and who.
//!
//! client get REPO REVISION FILE   the path of the file in the cache
//! client info REPO REVISION       the commit, then the files
use hf_hub::api::sync::{ApiBuilder, ApiError};
use hf_hub::{Repo, RepoType};

fn main() -> Result<(), ApiError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let builder = ApiBuilder::from_env().with_progress(false);
    let api = builder.with_token(std::env::var("HF_TOKEN").ok()).build()?;
    let open = |repo: &str, revision: &str| {
        api.repo(Repo::with_revision(repo.into(), RepoType::Model, revision.into()))
    };
    match words[..] {
        ["get", repo, revision, file] => {
            println!("{}", open(repo, revision).get(file)?.display());
        }
        ["info", repo, revision] => {
            let info = open(repo, revision).info()?;
            println!("{}", info.sha);
            info.siblings.iter().for_each(|file| println!("{}", file.rfilename));
        }
        _ => panic!("unknown command: {words:?}"),
    }
    Ok(())
}
