//! hf-hub 1.x: HF_ENDPOINT, HF_HOME and HF_TOKEN say where and who.
//!
//! client create|delete|exists|info|commits REPO   repositories
//! client get|has REPO REVISION FILE               one file
//! client snapshot|tree REPO REVISION              all files
//! client upload REPO PATH FILE                    one file up
//! client folder REPO FOLDER                       a folder up
//! client remove REPO PATH                         a commit that deletes
use hf_hub::repository::{AddSource, CommitOperation, RepoTreeEntry, RepoTypeModel};
use hf_hub::{split_id, HFClientSync, HFResult};

fn main() -> HFResult<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let client = HFClientSync::new()?;
    let open = |id: &str| {
        let (owner, name) = split_id(id);
        client.model(owner, name)
    };
    match words[..] {
        ["create", id] => {
            let made = client.create_repository().repo_id(id).repo_type(RepoTypeModel).send()?;
            println!("{}", made.url);
        }
        ["delete", id] => {
            client.delete_repository().repo_id(id).repo_type(RepoTypeModel).send()?;
        }
        ["exists", id] => println!("{}", open(id).exists().send()?),
        ["info", id] => println!("{}", open(id).info().send()?.sha.unwrap_or_default()),
        ["commits", id] => {
            for commit in open(id).list_commits().send()? {
                println!("{} {}", commit.id, commit.title);
            }
        }
        ["get", id, revision, file] => {
            let path = open(id).download_file().filename(file).revision(revision).send()?;
            println!("{}", path.display());
        }
        ["has", id, revision, file] => {
            println!("{}", open(id).file_exists().filename(file).revision(revision).send()?);
        }
        ["snapshot", id, revision] => {
            println!("{}", open(id).snapshot_download().revision(revision).send()?.display());
        }
        ["tree", id, revision] => {
            for entry in open(id).list_tree().revision(revision).recursive(true).send()? {
                match entry {
                    RepoTreeEntry::File { path, size, .. } => println!("{size} {path}"),
                    RepoTreeEntry::Directory { path, .. } => println!("- {path}"),
                }
            }
        }
        ["upload", id, path, file] => {
            let source = AddSource::file(file);
            let made = open(id).upload_file().source(source).path_in_repo(path).send()?;
            println!("{}", made.commit_oid.unwrap_or_default());
        }
        ["folder", id, folder] => {
            let made = open(id).upload_folder().folder_path(folder).send()?;
            println!("{}", made.commit_oid.unwrap_or_default());
        }
        ["remove", id, path] => {
            let repo = open(id);
            let commit = repo.create_commit().operations(vec![CommitOperation::delete(path)]);
            let made = commit.commit_message("remove").send()?;
            println!("{}", made.commit_oid.unwrap_or_default());
        }
        _ => panic!("unknown command: {words:?}"),
    }
    Ok(())
}
