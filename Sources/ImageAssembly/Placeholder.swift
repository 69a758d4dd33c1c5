package import LayerArchive
