import QKDCore

/// Copies the tags of one or more files into another: conversion, cutting and merging are all this.
///
/// Memory does not grow with the files. It blocks, and looks for a cancelled task between batches.
public struct TagTransfer: Sendable {
    /// A file to read.
    public struct Source: Sendable {
        /// The path.
        public var path: String
        /// The format; `nil` to tell it by the content.
        public var format: TagFormat?
        /// What is wanted of it.
        public var selection: TagSelection
        /// What becomes of the syncs and markers of a PTU file.
        public var specials = PTUSpecials.counted

        /// Names a file.
        public init(path: String, format: TagFormat? = nil, selection: TagSelection = .init()) {
            self.path = path
            self.format = format
            self.selection = selection
        }
    }

    /// What was done.
    public struct Outcome: Sendable {
        /// What was read of each source.
        public var read: [TagRecordCounts] = []
        /// What was written.
        public var written = TagWriteCounts()
        /// Tags that the selections left out.
        public var leftOut = 0
        /// Tags that were put in order.
        public var reordered = 0
        /// Tags that came too late for the window and are missing in the output.
        public var late = 0
        /// Holes that came through or could not be marked.
        public var holes = 0
        /// What was wrong behind the last good record of each damaged source; what was good has been copied.
        public var damage: [QKDError] = []
    }

    /// The files, in the order in which tags of one time come.
    public var sources: [Source]
    /// How to write.
    public var options: TagWriteOptions
    /// Put tags in order that come out of it by up to this, ps; `nil` leaves the order of a single source alone.
    public var sortWindowPS: Int64?

    /// Describes a transfer.
    public init(sources: [Source], options: TagWriteOptions, sortWindowPS: Int64? = nil) {
        self.sources = sources
        self.options = options
        self.sortWindowPS = sortWindowPS
    }

    /// One source on its way.
    private struct Flow {
        var reader: TagFileReader
        var selector: TagSelector
        var reorderer: TagReorderer?
        var isDone = false
    }

    /// Copies to `path`; `progress` is told the share that is done, 0 to 1, after each batch.
    ///
    /// A damaged source is copied up to its damage, which is in the outcome. Throws what opening, reading and
    /// writing throw, and `interrupted`; then there is no output.
    public func run(to path: String, progress: (Double) -> Void = { _ in }) throws -> Outcome {
        let window = sortWindowPS ?? (sources.count > 1 ? TagFile.defaultReorderWindowPS : nil)
        var flows = try sources.map {
            Flow(
                reader: try TagFileReader(path: $0.path, format: $0.format, specials: $0.specials),
                selector: TagSelector($0.selection),
                reorderer: window.map { TagReorderer(windowPS: $0) })
        }
        let writer = try TagFileWriter.open(path: path, completed(flows))
        var outcome = Outcome()
        do {
            var merger = TagMerger(streams: flows.count)
            while let next = merger.next {
                guard !Task.isCancelled else { throw QKDError(.interrupted, "stopped; nothing was written") }
                let batch = try take(&flows[next], sources[next].path, &outcome)
                if flows.count == 1 {
                    outcome.holes += batch.holes.count
                    try writer.append(batch)
                    if flows[0].isDone { merger.end(0) }
                    progress(flows[0].reader.progress ?? 0)
                    continue
                }
                merger.add(batch, from: next)
                if flows[next].isDone { merger.end(next) }
                let out = merger.release()
                outcome.holes += out.holes.count
                try writer.append(out)
                progress(flows.reduce(0) { $0 + ($1.reader.progress ?? 0) } / Double(flows.count))
            }
            try writer.finish()
        } catch {
            writer.abandon()
            throw error
        }
        outcome.read = flows.map(\.reader.counts)
        outcome.written = writer.counts
        for flow in flows {
            outcome.leftOut += flow.selector.leftOut
            outcome.reordered += flow.reorderer?.reorderedTags ?? 0
            outcome.late += flow.reorderer?.lateTags ?? 0
        }
        return outcome
    }

    /// What the sources know and the output may need.
    private func completed(_ flows: [Flow]) -> TagWriteOptions {
        var options = options
        let metadata = flows.map(\.reader.metadata)
        if options.quTAGHeader.isEmpty { options.quTAGHeader = metadata.map(\.headerBytes).first { !$0.isEmpty } ?? [] }
        if case .chunked = options.format {
            let resolution = metadata.map(\.resolutionPS).max() ?? 1
            options.notes.merge(["resolution_ps": "\(resolution)"]) { stated, _ in stated }
            let names = Set(metadata.map(\.recordType)).sorted().joined(separator: ", ")
            options.notes.merge(["source": names]) { stated, _ in stated }
        }
        // A PTU file made of a PTU file is of its kind, unless something else was said.
        if options.format == .picoQuantPTU, metadata.count == 1, let type = metadata[0].ptuRecordType {
            let wanted = options.ptuRecordType ?? type
            if wanted == type {
                options.resolutionPS = options.resolutionPS ?? metadata[0].resolutionPS
                options.syncPeriodPS = options.syncPeriodPS ?? metadata[0].syncPeriodPS
            }
            options.ptuRecordType = wanted
        }
        if case .beckerHickl = options.format, options.resolutionPS == nil, metadata.count == 1,
            case .beckerHickl = metadata[0].format
        {
            options.resolutionPS = metadata[0].resolutionPS.rounded()
        }
        return options
    }

    /// The next tags of a source, in order if that was asked for.
    private func take(_ flow: inout Flow, _ path: String, _ outcome: inout Outcome) throws -> TagBatch {
        var batch: TagBatch?
        do {
            batch = try flow.reader.nextBatch()
        } catch let error as QKDError {
            outcome.damage.append(error)
        }
        guard let read = batch, !flow.selector.isPast(read) else {
            flow.isDone = true
            return flow.reorderer?.finish() ?? TagBatch()
        }
        let wanted = try flow.selector.apply(read, from: path)
        return flow.reorderer?.add(wanted) ?? wanted
    }
}
