module github.com/imagebuild/imagebuild/images/etcd/migrate

go 1.19
