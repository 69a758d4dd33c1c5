/// An image's configuration (image-spec, config.md). `Healthcheck` is Docker's; the specification reserves its name.
package struct ImageConfig: Hashable, Sendable, Codable {
    package var architecture: String
    package var os: String
    package var osVersion: String?
    package var osFeatures: [String]?
    package var variant: String?
    /// The time of creation (RFC 3339).
    package var created: String?
    package var author: String?
    package var config: Execution?
    package var rootfs: RootFilesystem
    package var history: [History]?

    package init(platform: Platform, created: Timestamp, config: Execution, layers: [(DiffID, History)]) {
        architecture = platform.architecture
        os = platform.os
        osVersion = platform.osVersion
        osFeatures = platform.osFeatures
        variant = platform.variant
        self.created = created.description
        self.config = config
        rootfs = RootFilesystem(diffIDs: layers.map(\.0))
        history = layers.map(\.1)
    }

    /// Reads somebody else's configuration: members that are `null`, as labels without a value are in some, count as
    /// missing.
    ///
    /// - Throws: `OCIModelError` for one that other readers may understand in another way, or a field of the wrong type.
    package init(reading bytes: [UInt8]) throws {
        let document = try CanonicalJSON.decode(JSONValue.self, ofOthers: bytes, knowing: .configuration).withoutNulls
        self = try CanonicalJSON.decode(Self.self, from: CanonicalJSON.encode(document))
    }

    /// The platform that the configuration claims; the index entry must state the same.
    package var platform: Platform {
        Platform(os: os, architecture: architecture, variant: variant, osVersion: osVersion, osFeatures: osFeatures)
    }

    private enum CodingKeys: String, CodingKey {
        case architecture, os, variant, created, author, config, rootfs, history
        case osVersion = "os.version"
        case osFeatures = "os.features"
    }
}

extension ImageConfig {
    /// The empty object with which the configuration marks members of a set.
    package struct Mark: Hashable, Sendable, Codable { package init() {} }

    /// The object `config`: how a container of the image runs.
    package struct Execution: Hashable, Sendable, Codable {
        package var user: String?
        /// The exposed ports as `port/protocol`.
        package var exposedPorts: [String: Mark]?
        package var environment: [String]?
        package var entrypoint: [String]?
        package var command: [String]?
        package var volumes: [String: Mark]?
        package var workingDirectory: String?
        package var labels: [String: String]?
        package var stopSignal: String?
        package var healthcheck: Healthcheck?

        package init() {}

        private enum CodingKeys: String, CodingKey {
            case user = "User"
            case exposedPorts = "ExposedPorts"
            case environment = "Env"
            case entrypoint = "Entrypoint"
            case command = "Cmd"
            case volumes = "Volumes"
            case workingDirectory = "WorkingDir"
            case labels = "Labels"
            case stopSignal = "StopSignal"
            case healthcheck = "Healthcheck"
        }
    }

    /// Docker's health check. Durations are in nanoseconds; `test` begins with `CMD`, `CMD-SHELL` or `NONE`.
    package struct Healthcheck: Hashable, Sendable, Codable {
        package var test: [String]
        package var interval: Int64?
        package var timeout: Int64?
        package var startPeriod: Int64?
        package var startInterval: Int64?
        package var retries: Int?

        package init(
            test: [String], interval: Int64? = nil, timeout: Int64? = nil, startPeriod: Int64? = nil,
            startInterval: Int64? = nil, retries: Int? = nil
        ) {
            self.test = test
            self.interval = interval
            self.timeout = timeout
            self.startPeriod = startPeriod
            self.startInterval = startInterval
            self.retries = retries
        }

        private enum CodingKeys: String, CodingKey {
            case test = "Test"
            case interval = "Interval"
            case timeout = "Timeout"
            case startPeriod = "StartPeriod"
            case startInterval = "StartInterval"
            case retries = "Retries"
        }
    }

    /// The layers, lowest first, by the digests of their uncompressed bytes.
    package struct RootFilesystem: Hashable, Sendable, Codable {
        package var type = "layers"
        package var diffIDs: [DiffID]
        package init(diffIDs: [DiffID]) { self.diffIDs = diffIDs }

        private enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }

    /// The origin of one layer; there are as many entries without `emptyLayer` as there are layers.
    package struct History: Hashable, Sendable, Codable {
        package var created: String?
        package var createdBy: String?
        package var comment: String?
        package var emptyLayer: Bool?

        /// Creates the entry of a step about which nothing is known.
        package init() {}

        package init(created: Timestamp, createdBy: String, comment: String? = nil) {
            self.created = created.description
            self.createdBy = createdBy
            self.comment = comment
        }

        private enum CodingKeys: String, CodingKey {
            case created, comment
            case createdBy = "created_by"
            case emptyLayer = "empty_layer"
        }
    }
}
