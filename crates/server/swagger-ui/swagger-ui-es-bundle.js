// Left out: the page of the interface loads swagger-ui-bundle.js, which has all of it.
