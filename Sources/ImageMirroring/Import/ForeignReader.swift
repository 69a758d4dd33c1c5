import ConfigurationFile
import OCIModel

/// A reader of other tools' files, which notes what a mirror file has no word for.
struct ForeignReader {
    let file: String
    private(set) var losses: [String] = []

    init(file: String) { self.file = file }

    private mutating func lose(_ node: YAMLNode, _ what: String) {
        losses.append("\(file):\(node.position.line):\(node.position.column): \(what)")
    }

    private mutating func loseKeys(of node: YAMLNode, except known: Set<String>, _ why: String = "has no counterpart") {
        for (key, _) in node.pairs {
            if let text = key.text, !known.contains(text) { lose(key, "'\(text)' \(why)") }
        }
    }

    /// Reads regsync's `sync` entries.
    mutating func regsync(_ root: YAMLNode) -> [ForeignImage] {
        loseKeys(
            of: root, except: ["version", "sync"],
            "is not carried over: logins are in the usual files, schedules are the engine's")
        var images: [ForeignImage] = []
        for entry in root["sync"]?.items ?? [] {
            loseKeys(
                of: entry,
                except: ["source", "target", "type", "tags", "platform", "platforms", "referrers", "digestTags"])
            guard let from = entry["source"]?.text, let to = entry["target"]?.text else {
                lose(entry, "an entry without source and target")
                continue
            }
            let type = entry["type"]?.text ?? "repository"
            guard type == "image" || type == "repository", !from.contains("{{"), !to.contains("{{"),
                let source = try? ImageReference(from), let target = try? ImageReference(to)
            else {
                lose(
                    entry, "'\(quoted(from))' to '\(quoted(to))' of type '\(type)' cannot be written: name repositories"
                )
                continue
            }
            var image = ForeignImage(
                source: source.place, targetHost: "\(target.host)", targetPath: target.repository.description)
            if type == "image" {
                guard source.digest == nil else {
                    lose(entry, "'\(quoted(from))' names a digest, and tags are mirrored")
                    continue
                }
                let tag = source.tag ?? .latest
                if target.tag ?? .latest != tag {
                    lose(entry, "the tag would change to '\(target.tag ?? .latest)', and tags keep their names")
                }
                image.tags = [tag.description]
            } else if let tags = entry["tags"] {
                loseKeys(of: tags, except: ["allow", "deny", "semverRange"])
                for expression in tags["allow"]?.texts ?? [] { add(expression, anchored: true, to: &image, tags) }
                if let denied = tags["deny"], !denied.texts.isEmpty {
                    lose(denied, "'deny' has expressions, and 'exclude' has globs")
                }
                image.versions = tags["semverRange"]?.texts.joined(separator: " || ")
            }
            image.platforms = entry["platforms"]?.texts ?? entry["platform"]?.texts ?? []
            images.append(image)
        }
        return images
    }

    /// Reads skopeo sync's registries.
    mutating func skopeo(_ registries: [(key: YAMLNode, value: YAMLNode)]) -> [ForeignImage] {
        var images: [ForeignImage] = []
        for (key, registry) in registries {
            guard let host = key.text else { continue }
            loseKeys(
                of: registry, except: ["images", "images-by-tag-regex", "images-by-semver"],
                "is not carried over: logins and certificates are in the usual files")
            for (name, tags) in registry["images"]?.pairs ?? [] {
                var image = ForeignImage(source: "\(host)/\(name.text ?? "")")
                for tag in tags.texts {
                    if Tag(tag) != nil { image.tags.append(tag) } else { lose(tags, "'\(quoted(tag))' is no tag") }
                }
                // An empty list means all tags there; one whose every entry is lost does not.
                if image.tags.isEmpty, !tags.texts.isEmpty { continue }
                images.append(image)
            }
            for (name, expression) in registry["images-by-tag-regex"]?.pairs ?? [] {
                var image = ForeignImage(source: "\(host)/\(name.text ?? "")")
                add(expression.text ?? "", anchored: false, to: &image, expression)
                if !image.expressions.isEmpty { images.append(image) }
            }
            for (name, range) in registry["images-by-semver"]?.pairs ?? [] {
                guard let text = range.text, (try? VersionRange(text)) != nil else {
                    lose(range, "'\(quoted(range.text ?? ""))' is not a range of versions")
                    continue
                }
                images.append(ForeignImage(source: "\(host)/\(name.text ?? "")", versions: text))
            }
        }
        return images
    }

    /// Reads the promoter's list of images, each with the tags of its digests.
    mutating func promoter(_ items: [YAMLNode], _ source: String) -> [ForeignImage] {
        items.compactMap { item in
            guard let name = item["name"]?.text, let digests = item["dmap"] else {
                lose(item, "an entry without name and dmap")
                return nil
            }
            var tags: [String] = []
            for (digest, names) in digests.pairs {
                guard !names.texts.isEmpty else {
                    lose(digest, "a digest without a tag is not mirrored")
                    continue
                }
                tags += names.texts
            }
            guard !tags.isEmpty else { return nil }
            lose(digests, "the digests of '\(quoted(name))' are not pinned: compare them with --plan, or --images-yaml")
            return ForeignImage(source: "\(source)/\(name)", targetPath: name, tags: tags)
        }
    }

    /// Adds an expression; one that is not `anchored` by its tool is found anywhere in a tag.
    private mutating func add(_ text: String, anchored: Bool, to image: inout ForeignImage, _ node: YAMLNode) {
        var whole = text
        if !anchored {
            whole = text.hasPrefix("^") ? text : ".*" + text
            if !whole.hasSuffix("$") { whole += ".*" }
        }
        guard !text.isEmpty, (try? TagPattern(expression: whole)) != nil else {
            return lose(node, "the expression '\(quoted(text))' cannot be carried over")
        }
        image.expressions.append(whole)
    }
}
