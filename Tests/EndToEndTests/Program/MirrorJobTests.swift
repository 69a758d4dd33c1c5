import ConfigurationFile
import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// `imagebuild mirror` as a person runs it, and as the manifests of `manifests/kubernetes` do: with their own commands
    /// and environment, as processes of this machine.
    @Suite struct MirrorJobTests {
        @Test func `a mirror file is tried, mirrored, audited and reported, with an exit code for each end`()
            async throws
        {
            try await mirroring { fixture, registry in
                let file = try mirrorFile(fixture, registry, ["a", "b"], "m")
                let dry = try await fixture.run("mirror", file, "--dry-run")
                #expect(dry.status == 0 && dry.output.contains("2 tags to set"), "\(dry.output)\(dry.errors)")
                let wrong = try mirrorFile(fixture, registry, ["a", "nothing"], "m")
                for option in [["--dry-run"], ["--plan", "wrong.json"]] {
                    #expect(try await fixture.start(["mirror", wrong] + option, in: nil).ended().status == 11)
                }
                for option in [["--plan", wrong], ["--report", "x", "--junit", "./x"]] {
                    let ended = try await fixture.start(["mirror", wrong] + option, in: nil).ended()
                    #expect(ended.status == 64 && ended.errors.contains("for two things"), "\(ended.errors)")
                }
                _ = try mirrorFile(fixture, registry, ["a", "b"], "m")
                let first = try await fixture.run("mirror", file, "--junit", "mirror.xml", "--metrics", "mirror.prom")
                #expect(first.status == 10, "\(first.output)\(first.errors)")
                #expect(first.output.contains("2 created"))
                let again = try await fixture.run("mirror", file)
                #expect(again.status == 0 && again.output.contains("2 unchanged"), "\(again.output)")
                #expect(try await fixture.run("mirror", file, "--audit").status == 0)
                let rewrites = try await fixture.run("mirror", file, "--rewrite-list")
                #expect(rewrites.output.split(separator: "\n").count == 2 && rewrites.output.contains("@sha256:"))
                #expect(fixture.names(fixture.folder).contains("mirror.xml"))
            }
        }

        @Test func `pruning is refused where the file has no rule for it`() async throws {
            try await mirroring { fixture, registry in
                let file = try mirrorFile(fixture, registry, ["a"], "m")
                for options in [["--prune"], ["--prune", "--dry-run"]] {
                    let ended = try await fixture.start(["mirror", file] + options, in: nil).ended()
                    #expect(ended.status == 2 && ended.errors.contains("the key 'prune'"), "\(ended.errors)")
                }
            }
        }

        @Test func `a file with a mistake is refused with its place, and a bad image leaves exit code 11`() async throws
        {
            try await mirroring { fixture, registry in
                try fixture.write(
                    "schema: 1\ndestinations: [x.example]\nimages: [{from: a/b, tgs: {}}]\n", to: "bad.yaml")
                let bad = try await fixture.run("mirror", "bad.yaml")
                #expect(bad.status == 2 && bad.errors.contains("bad.yaml:3:22: unknown key 'tgs'"), "\(bad.errors)")
                let file = try mirrorFile(fixture, registry, ["a", "nowhere"], "m")
                let partly = try await fixture.run("mirror", file)
                #expect(partly.status == 11 && partly.output.contains("missing"), "\(partly.output)")
                #expect(try await fixture.run("mirror", file, "--exit-zero", "partly-failed").status == 0)
            }
        }

        @Test func `the indexed job's plan is divided over its workers, and the merge is red until all have reported`()
            async throws
        {
            try await mirroring { fixture, registry in
                let file = try mirrorFile(fixture, registry, ["a", "b", "c", "d", "nowhere"], "mirror")
                let jobs = try containers(of: "manifests/kubernetes/indexed-job.yaml")
                #expect(jobs.count == 3)
                func run(_ job: Int, _ more: [String: String] = [:]) async throws -> Ended {
                    var setting = fixture.setting
                    for (name, value) in jobs[job].environment where more[name] == nil {
                        setting.environment[name] = value
                    }
                    setting.environment.merge(more) { $1 }
                    // Where the manifest has the volumes of its pod, this machine has the fixture's folder.
                    setting.environment["DOCKER_CONFIG"] = nil
                    let command = jobs[job].command.dropFirst().map { word in
                        var word = word.replacing("registry.example.org", with: registry).replacing(
                            "/etc/mirror/file/mirror.yaml", with: file)
                        for (name, value) in setting.environment { word = word.replacing("$(\(name))", with: value) }
                        return word
                    }
                    return try await fixture.start(command, in: setting).ended()
                }
                let planned = try await run(0)
                #expect(planned.status == 0 && planned.line.contains("@sha256:"), "\(planned.errors)")
                func work(_ index: Int) async throws -> Ended { try await run(1, ["JOB_COMPLETION_INDEX": "\(index)"]) }
                for index in 0..<3 {
                    let ended = try await work(index)
                    #expect([0, 2].contains(ended.status), "\(ended.status) \(ended.errors)")
                    #expect(ended.errors.contains("from JOB_COMPLETION_INDEX and JOB_COMPLETIONS"))
                }
                let early = try await run(2)
                #expect(early.status == 11 && early.output.contains("no shard reports it"), "\(early.output)")
                _ = try await work(3)
                let merged = try await run(2)
                #expect(merged.status == 11, "one image is missing")
                #expect(
                    !merged.output.contains("no shard reports it") && merged.output.contains("4 created, 1 missing"),
                    "\(merged.output)")
                // A worker that is replaced finds its work done.
                #expect([0, 2].contains(try await work(0).status))
            }
        }

        @Test func `the cron job's command runs a mirror file`() async throws {
            try await mirroring { fixture, registry in
                let file = try mirrorFile(fixture, registry, ["a"], "m")
                let jobs = try containers(of: "manifests/kubernetes/cronjob.yaml")
                let command = try #require(jobs.first).command.dropFirst().map {
                    $0.replacing("/etc/mirror/file/mirror.yaml", with: file)
                }
                for _ in 0..<2 { #expect(try await fixture.start(Array(command), in: nil).ended().status == 0) }
            }
        }

        /// Runs `body` with a registry that has an image as `src/a` to `src/d`.
        private func mirroring(_ body: (CommandLineFixture, String) async throws -> Void) async throws {
            try await CommandLineFixture.scoped { fixture in
                try await TinyImage(fixture, payload: 20_000).fillStore()
                try await fixture.serving { registry in
                    let places = ["a", "b", "c", "d"].map { "\(registry)/src/\($0):v1" }
                    let ended = try await fixture.start(["push", "tiny"] + places + ["--offline"], in: nil).ended()
                    try #require(ended.status == 0, "\(ended.errors)")
                    try await body(fixture, registry)
                }
            }
        }

        private func mirrorFile(
            _ fixture: CommandLineFixture, _ registry: String, _ names: [String], _ path: String
        ) throws -> String {
            let images = names.map { "  - {from: \(registry)/src/\($0), to: \($0), tags: {list: [v1]}}\n" }.joined()
            try fixture.write("schema: 1\ndestinations: [\(registry)/\(path)]\nimages:\n\(images)", to: "mirror.yaml")
            return "mirror.yaml"
        }

        /// The first container of each job in a file of manifests.
        private func containers(of path: String) throws -> [(command: [String], environment: [String: String])] {
            try Repository.text(path).components(separatedBy: "\n---\n").compactMap { text in
                let findings = Findings()
                guard let root = YAMLNode.read(Array(text.utf8), findings), findings.count == 0 else { return nil }
                let job = root["kind"]?.text == "CronJob" ? root["spec"]?["jobTemplate"] : root
                guard let container = job?["spec"]?["template"]?["spec"]?["containers"]?.items.first else { return nil }
                let variables = container["env"]?.items.compactMap { one in
                    one["value"]?.text.map { (one["name"]?.text ?? "", $0) }
                }
                return (
                    container["command"]?.items.compactMap(\.text) ?? [],
                    Dictionary(variables ?? [], uniquingKeysWith: { $1 })
                )
            }
        }
    }
}
