import ArgumentParser

struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Release a program: from a signed git tag to files and images that anybody can verify.",
        discussion: """
            A release file says for every version what is built, how it is called and where it goes; manifests/release has \
            some, and the schema. The steps are done in this order, each can be repeated, and none begins before the one \
            before it is done. Their files and their journal are in release/TAG. docs/release.md describes them.

            EXAMPLES
              imagebuild release plan etcd.yaml --version v3.6.14 --previous v3.6.13
                                                      say what would be released, and which gates are shut
              imagebuild release plan etcd.yaml --version v3.6.14 --previous v3.6.13 --yes
              imagebuild release build etcd.yaml --version v3.6.14 --previous v3.6.13
              imagebuild release sign etcd.yaml --version v3.6.14 --previous v3.6.13 --key KEY
              imagebuild release publish etcd.yaml --version v3.6.14 --previous v3.6.13 --yes
              imagebuild release verify etcd.yaml --version v3.6.14
              imagebuild release announce etcd.yaml --version v3.6.14 --previous v3.6.13
            """,
        subcommands: [
            ReleasePlanCommand.self, ReleaseBuildCommand.self, ReleaseSignCommand.self, ReleasePublishCommand.self,
            ReleaseVerifyCommand.self, ReleaseAnnounceCommand.self,
        ])
}
