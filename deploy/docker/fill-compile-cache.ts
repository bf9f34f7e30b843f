// Loads the services' code once, at the build of the image, so that NODE_COMPILE_CACHE holds it; starts nothing.

await Promise.all([import('../../services/auth/app.ts'), import('../../services/gateway/app.ts')]);
