import OCIModel

extension MirrorReport {
    /// A line for each mirrored tag: the image at its source, and the same at its destination by digest.
    package var rewriteList: String {
        results.compactMap { result in
            guard result.outcome.isGreen, result.outcome != .removed, let digest = result.digest else { return nil }
            return "\(result.source):\(result.tag) \(result.target)@\(digest)\n"
        }.joined()
    }
}

extension MirrorReport {
    /// The mirrored images in the form of the Kubernetes promoter's `images.yaml`: the tags of each digest, by image.
    package var imagesYAML: String {
        var images: [String: [Digest: Set<String>]] = [:]
        for result in results where result.outcome.isGreen && result.outcome != .removed {
            guard let digest = result.digest, let name = result.source.split(separator: "/").last else { continue }
            images[String(name), default: [:]][digest, default: []].insert(result.tag)
        }
        return images.sorted { $0.key < $1.key }.map { name, digests in
            let entries = digests.map { (tags: $0.value.sorted(), digest: $0.key) }.sorted { $0.tags[0] < $1.tags[0] }
            let lines = entries.map { entry in
                let tags = entry.tags.map { "\"\($0)\"" }.joined(separator: ", ")
                return "    \"\(entry.digest)\": [\(tags)]\n"
            }
            return "- name: \(name)\n  dmap:\n" + lines.joined()
        }.joined()
    }
}

extension MirrorFile {
    /// The `hosts.toml` files of containerd, by the registry in whose place the mirrors are asked first.
    ///
    /// Only images whose repository at a mirror ends with the path that they have at their source can be found this way.
    package var hostsFiles: [(registry: String, text: String)] {
        var mirrors: [RegistryHost: [String]] = [:]
        for image in images {
            for target in image.targets {
                let (path, source) = (target.repository.description, image.source.repository.description)
                guard path == source || path.hasSuffix("/" + source) else { continue }
                let prefix = path.dropLast(source.count)
                let address = "https://\(target.host)/v2" + (prefix.isEmpty ? "" : "/\(prefix.dropLast())")
                if mirrors[image.source.host]?.contains(address) != true {
                    mirrors[image.source.host, default: []].append(address)
                }
            }
        }
        return mirrors.sorted { $0.key.description < $1.key.description }.map { host, addresses in
            var text = "server = \"https://\(host == .dockerHub ? "registry-1.docker.io" : "\(host)")\"\n"
            for address in addresses {
                text += "\n[host.\"\(address)\"]\n  capabilities = [\"pull\", \"resolve\", \"referrers\"]\n"
                if address.dropFirst("https://".count).contains("/v2/") { text += "  override_path = true\n" }
            }
            return ("\(host)", text)
        }
    }
}
