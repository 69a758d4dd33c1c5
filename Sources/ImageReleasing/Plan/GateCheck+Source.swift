import OCIModel

extension GateCheck {
    /// Looks at one of the gates that every release has; `nil` for one that has nothing to look at here.
    func finding(_ gate: GateName) async throws -> Finding? {
        switch gate {
        case .tag: .good("\(release.tag) stands for \(release.commit) of \(release.date)")
        case .tagSignature: try await signature(of: release.tag)
        case .head: try await head()
        case .cleanTree: try await cleanTree()
        case .branch: try await branch()
        case .sourceVersion: try await sourceVersion()
        case .goVersion: try await goVersion()
        case .moduleTags: try await moduleTags()
        case .history: try await history()
        }
    }

    private func signature(of name: String) async throws -> Finding {
        guard let tag = try await git.tag(name) else { return .bad("there is no tag \(name)") }
        do {
            return .good("\(name) is signed by \(try await trust.signer(of: tag, signatures))")
        } catch let error as ReleaseError where error.code == .unsigned {
            return .bad(error.message, hint: error.hint)
        }
    }

    private func head() async throws -> Finding {
        let head = try await git.head()
        return head == release.commit
            ? .good("the checkout is at \(head)")
            : .bad(
                "the checkout is at \(head.prefix(12)), and \(release.tag) stands for \(release.commit.prefix(12))",
                hint: "run git checkout \(release.tag)")
    }

    private func cleanTree() async throws -> Finding {
        let changes = try await git.changes()
        guard !changes.isEmpty else { return .good("nothing differs from the commit") }
        let shown = changes.prefix(5).joined(separator: ", ") + (changes.count > 5 ? ", …" : "")
        return .bad(
            "\(changes.count) files differ from the commit: \(shown)", hint: "commit, remove or stash them")
    }

    private func branch() async throws -> Finding {
        let wanted = release.filled(release.file.source.branch)
        let found = try await git.branches(wanted, with: release.commit)
        return found.isEmpty
            ? .bad("the commit lies on no branch \(wanted)", hint: "fetch the branch, or tag a commit of it")
            : .good("the commit lies on \(found.joined(separator: ", "))")
    }

    private func sourceVersion() async throws -> Finding {
        let mentions = release.file.source.mentions.filter { $0.holds(for: release.version) }
        guard !mentions.isEmpty else { return .bad("the release file does not say where this version names itself") }
        for mention in mentions {
            let (path, text) = (release.filled(mention.file), release.filled(mention.text))
            guard let bytes = try await git.file(path, in: release.commit) else {
                return .bad("the source has no \(path), which names its version")
            }
            guard String(decoding: bytes, as: UTF8.self).withPlainSpaces.mentions(text.withPlainSpaces) else {
                return .bad(
                    "\(path) does not have '\(text)'",
                    hint: "set the version in the source, commit, and tag that commit")
            }
        }
        return .good(mentions.map { "\(release.filled($0.file)) has \(release.version)" }.joined(separator: ", "))
    }

    private func goVersion() async throws -> Finding {
        let pinned: String
        do { pinned = try await release.pinnedGo(git) } catch let error as ReleaseError where error.code == .refused {
            return .bad(error.message, hint: error.hint)
        }
        guard let go else {
            return .bad("no Go \(pinned) was found", hint: "name the folder that contains its bin/go with --go")
        }
        return go.version == pinned
            ? .good("\(go.root) has Go \(pinned)")
            : .bad(
                "\(go.root) has Go \(go.version), and \(pinned) is pinned",
                hint: "name the folder of Go \(pinned) with --go")
    }

    private func moduleTags() async throws -> Finding? {
        let names = release.file.source.moduleTags.filter { $0.holds(for: release.version) }.map {
            release.filled($0.tag)
        }
        guard !names.isEmpty else { return nil }
        for name in names {
            guard let tag = try await git.tag(name) else {
                return .bad("there is no tag \(name)", hint: "make it with git tag -s \(name) \(release.commit)")
            }
            guard tag.commit == release.commit else {
                return .bad(
                    "\(name) stands for \(tag.commit.prefix(12)), and \(release.tag) for \(release.commit.prefix(12))",
                    hint: "never move a tag that was pushed: release the next version")
            }
        }
        // A waiver of signatures must not hide a tag that is missing.
        for name in names {
            let signature = try await signature(of: name)
            guard signature.isGood else { return signature }
        }
        return .good("\(names.joined(separator: ", ")) are signed and stand for the same commit")
    }

    private func history() async throws -> Finding? {
        guard let previous = release.previous, let tag = try await git.tag(previous.tag) else { return nil }
        let isPatch =
            release.version.patch > 0 && previous.minor == release.version.minor
            && previous.major == release.version.major
        let isBefore = try await git.isAncestor(tag.commit, of: release.commit)
        guard !isPatch || isBefore else {
            return .bad(
                "\(previous.tag) is not among the commits before \(release.tag)",
                hint: "tag a commit of the same branch, or correct --previous")
        }
        let commits = try await git.commits(since: tag.commit, to: release.commit)
        let merges = commits.filter(\.isMerge)
        let shown = merges.prefix(20).map { "\($0.id.prefix(12)) \(quoted($0.subject, limit: 60))" }
        let account =
            "\(commits.count) commits since \(previous.tag), \(merges.count) of them merges"
            + (shown.isEmpty ? "" : ": " + shown.joined(separator: "; ")) + (merges.count > 20 ? "; …" : "")
        guard !isPatch || merges.isEmpty || release.file.gates.acceptsMerges else {
            return .bad(account, hint: "a patch has only commits that were picked: pick them, and tag again")
        }
        return .good(account)
    }
}
